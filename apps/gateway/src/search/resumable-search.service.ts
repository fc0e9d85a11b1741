import { Injectable } from '@nestjs/common';
import { ExecutionTracker } from '@followspot/nestjs';
import { catchError, concat, defer, filter, finalize, from, map, type Observable, throwError } from 'rxjs';
import { ReplayBuffer } from './replay-buffer.service.js';
import type { ReplayLog } from './replay-log.js';
import type { PlacedEvent, RestartReason, SearchEvent } from './search-event.js';
import { SearchService } from './search.service.js';

/** The question, asked again, is answered differently. */
class AnswerChanged extends Error {}

/**
 * Searches whose clients may come back. A client that leaves ends the work for it; when it comes back, it gets what had
 * been produced, and the question is answered again for the rest. See docs/decisions/0013-resuming-runs-again.md.
 */
@Injectable()
export class ResumableSearch {
  constructor(
    private readonly searches: SearchService,
    private readonly buffer: ReplayBuffer,
    private readonly tracker: ExecutionTracker,
  ) {}

  /**
   * Answers a question, or goes on with the answer.
   * @param traceId Names a stream that begins here.
   * @param lastEventId What the client says that it has, as it says it.
   * @returns Undefined when the client has everything already.
   */
  search(question: string, traceId: string, lastEventId?: string): Observable<PlacedEvent> | undefined {
    if (lastEventId === undefined) return this.#answered(this.buffer.begin(traceId, question), 0);
    const found = this.buffer.lookup(lastEventId, question);
    if ('restart' in found) return this.#afresh(question, traceId, found.restart);
    const { log, after, missed, isComplete } = found;
    const replayed = from(missed).pipe(map((event, index) => placed(event, log, after + index + 1)));
    if (isComplete) return missed.length === 0 ? undefined : replayed;
    return concat(
      replayed,
      this.#answered(log, after + missed.length).pipe(
        catchError((error: unknown) =>
          error instanceof AnswerChanged
            ? this.#afresh(question, traceId, 'changed')
            : throwError(() => error),
        ),
      ),
    );
  }

  #afresh(question: string, traceId: string, reason: RestartReason): Observable<PlacedEvent> {
    return defer(() => {
      this.tracker.setAttribute('restart', reason);
      return this.#answered(this.buffer.begin(traceId, question, [{ type: 'restart', reason }]), 0);
    });
  }

  /** The stream from its beginning, of which the client has the first events: they are compared and not sent again. */
  #answered(log: ReplayLog, given: number): Observable<PlacedEvent> {
    return defer(() => {
      this.buffer.entered(log);
      return concat(log.opening, this.searches.search(log.question)).pipe(
        map((event, index) => {
          if (!log.record(index + 1, event)) throw new AnswerChanged();
          return placed(event, log, index + 1);
        }),
        filter(({ id }) => id.sequence > given),
        finalize(() => {
          this.buffer.left(log);
        }),
      );
    });
  }
}

function placed(event: SearchEvent, { traceId }: ReplayLog, sequence: number) {
  return { ...event, id: { traceId, sequence } };
}
