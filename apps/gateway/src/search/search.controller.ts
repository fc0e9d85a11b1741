import type { ServerResponse } from 'node:http';
import { Controller, type MessageEvent, Query, Res, Sse } from '@nestjs/common';
import { type ExecutionSummary, ExecutionTracker, heartbeat } from '@followspot/nestjs';
import { map, type Observable } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { OpenStreams } from './open-streams.service.js';
import { SearchInput } from './search-input.service.js';
import { SearchService } from './search.service.js';

@Controller()
export class SearchController {
  constructor(
    private readonly input: SearchInput,
    private readonly searches: SearchService,
    private readonly streams: OpenStreams,
    private readonly tracker: ExecutionTracker,
    private readonly config: GatewayConfig,
  ) {}

  /** Refuses at once what it cannot answer: as long as no event has been sent, the client gets a status code. */
  @Sse('search')
  search(
    @Query('q') query: unknown,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Observable<MessageEvent> {
    const question = this.input.questionOf(query);
    const events = this.streams.endedByShutdown(this.searches.search(question), response);
    // Read here: a shutdown comes from outside of the request, where nothing is known of its trace.
    const { traceId, threadId } = this.tracker;
    return events.pipe(
      map(({ type, ...data }): MessageEvent => {
        const summary = type === 'done' ? this.#summaryOf(threadId) : undefined;
        return { type, data: { traceId, ...data, ...(summary && { summary }) } };
      }),
      heartbeat(this.config.heartbeatMs),
    );
  }

  /** The stages so far; undefined when nothing is recorded. */
  #summaryOf(threadId: string | undefined): ExecutionSummary | undefined {
    return threadId === undefined ? undefined : this.tracker.getExecutionSummary(threadId);
  }
}
