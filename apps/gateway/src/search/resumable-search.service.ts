import { Injectable } from '@nestjs/common';
import { ExecutionTracker } from '@followspot/nestjs';
import {
  catchError,
  concat,
  defer,
  filter,
  finalize,
  from,
  map,
  type Observable,
  of,
  retry,
  tap,
  throwError,
} from 'rxjs';
import { UpstreamError } from '../answer/upstream-error.js';
import { LeaderLeft, SharedAnswerFailed } from '../cache/flight-errors.js';
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
    if (lastEventId === undefined) return this.#resumed(this.buffer.begin(traceId, question), 0, traceId);
    const found = this.buffer.lookup(lastEventId, question);
    if ('restart' in found) return this.#afresh(question, traceId, found.restart);
    const { log, after, missed, isComplete } = found;
    const replayed = from(missed).pipe(map((event, index) => placed(event, log, after + index + 1)));
    if (isComplete) return missed.length === 0 ? undefined : replayed;
    return concat(replayed, this.#resumed(log, after + missed.length, traceId));
  }

  /** The rest of a stream; if it turns out to be another one by now, that from its beginning. */
  #resumed(log: ReplayLog, given: number, traceId: string): Observable<PlacedEvent> {
    return this.#answered(log, given).pipe(
      catchError((error: unknown) =>
        error instanceof AnswerChanged
          ? this.#afresh(log.question, traceId, 'changed')
          : throwError(() => error),
      ),
    );
  }

  #afresh(question: string, traceId: string, reason: RestartReason): Observable<PlacedEvent> {
    return defer(() => {
      this.tracker.setAttribute('restart', reason);
      return this.#resumed(this.buffer.begin(traceId, question, [{ type: 'restart', reason }]), 0, traceId);
    });
  }

  /**
   * The stream from its beginning, of which the client has the first events: they are compared and not sent again. The
   * same goes for an answer that was shared and whose leader has left: it is as if the client had left and come back.
   */
  #answered(log: ReplayLog, given: number): Observable<PlacedEvent> {
    return defer(() => {
      let sent = given;
      return this.#fromBeginning(log).pipe(
        filter(({ id }) => id.sequence > sent),
        tap(({ id }) => (sent = id.sequence)),
        // Later in this turn: a shutdown then reaches all who wait before any of them begins.
        retry({
          delay: (error: unknown) =>
            error instanceof LeaderLeft ? Promise.resolve() : throwError(() => error),
        }),
      );
    });
  }

  #fromBeginning(log: ReplayLog): Observable<ReturnType<typeof placed>> {
    return defer(() => {
      this.buffer.entered(log);
      return concat(log.opening, this.searches.search(log.question)).pipe(
        map((event, index) => {
          if (!log.record(index + 1, event)) throw new AnswerChanged();
          return placed(event, log, index + 1);
        }),
        catchError((error: unknown) =>
          isUpstream(error) ? of(failed(log, error)) : throwError(() => error),
        ),
        finalize(() => {
          this.buffer.left(log);
        }),
      );
    });
  }
}

/** Whether a model has failed in the middle of the answer, or in that of somebody else which this one shared. */
function isUpstream(error: unknown): boolean {
  return error instanceof SharedAnswerFailed ? isUpstream(error.cause) : error instanceof UpstreamError;
}

/**
 * The end of a stream whose model has failed. It counts as one: a client that has it and comes back, as an `EventSource`
 * does by itself, is told that there is nothing more, and does not make the model fail again.
 */
function failed(log: ReplayLog, cause: unknown) {
  const message = 'The model failed in the middle of its answer. Ask again.';
  const event = { type: 'error', error: 'upstream_error', message } as const;
  const sequence = log.length + 1;
  log.record(sequence, event);
  return { ...placed(event, log, sequence), cause };
}

function placed(event: SearchEvent, { traceId }: ReplayLog, sequence: number) {
  return { ...event, id: { traceId, sequence } };
}
