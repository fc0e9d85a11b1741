import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Controller, Headers, HttpStatus, type MessageEvent, Query, Res, Sse } from '@nestjs/common';
import { type ExecutionSummary, ExecutionTracker, failureEvent, heartbeat } from '@followspot/nestjs';
import { EMPTY, map, type Observable } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { failedSummary } from './failed-summary.js';
import { OpenStreams } from './open-streams.service.js';
import { ResumableSearch } from './resumable-search.service.js';
import { SearchInput } from './search-input.service.js';
import { SearchMessages } from './search-messages.js';

@Controller()
export class SearchController {
  constructor(
    private readonly input: SearchInput,
    private readonly searches: ResumableSearch,
    private readonly streams: OpenStreams,
    private readonly tracker: ExecutionTracker,
    private readonly config: GatewayConfig,
  ) {}

  /** Refuses at once what it cannot answer: as long as no event has been sent, the client gets a status code. */
  @Sse('search')
  search(
    @Query('q') query: unknown,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Observable<MessageEvent> {
    const question = this.input.questionOf(query);
    // Read here: a shutdown comes from outside of the request, where nothing is known of its trace.
    const { traceId = randomUUID(), threadId } = this.tracker;
    const events = this.searches.search(question, traceId, lastEventId || undefined);
    if (events === undefined) {
      // An EventSource comes back whenever a stream ends. Nothing else stops it.
      response.statusCode = HttpStatus.NO_CONTENT;
      return EMPTY;
    }
    const messages = new SearchMessages(traceId, lastEventId, this.config.retryMs);
    return this.streams.endedByShutdown(events, response).pipe(
      map((event) => {
        const isAnswered = event.type === 'done' || event.type === 'error';
        const summary = isAnswered ? this.#summaryOf(threadId) : undefined;
        if (event.cause === undefined) return messages.of(event, summary);
        return failureEvent(event.cause, messages.of(event, summary && failedSummary(summary)));
      }),
      heartbeat(this.config.heartbeatMs),
    );
  }

  /** The stages so far; undefined when nothing is recorded. */
  #summaryOf(threadId: string | undefined): ExecutionSummary | undefined {
    return threadId === undefined ? undefined : this.tracker.getExecutionSummary(threadId);
  }
}
