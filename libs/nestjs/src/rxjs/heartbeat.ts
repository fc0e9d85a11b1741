import type { MessageEvent } from '@nestjs/common';
import { type MonoTypeOperatorFunction, Observable, tap } from 'rxjs';

/** The longest delay that Node's timers take; a longer one would fire at once. */
const MAX_INTERVAL_MS = 2_147_483_647;

/**
 * Sends an SSE comment whenever the source of an `@Sse` answer has been silent for `intervalMs`, so that no proxy takes
 * the connection for dead. Clients do not see comments, and Followspot counts them neither as events nor as the first
 * one. Stops with the source and never delays an event: each is handed over in the tick in which it comes. For a client
 * that does not read, comments queue as events do. Needs Nest 12, whose `MessageEvent` knows comments.
 *
 * @param intervalMs Silence in milliseconds before each comment.
 * @throws RangeError when the interval is not a number from 1 to 2,147,483,647.
 */
export function heartbeat(intervalMs: number): MonoTypeOperatorFunction<MessageEvent> {
  if (typeof intervalMs !== 'number' || !(intervalMs >= 1 && intervalMs <= MAX_INTERVAL_MS)) {
    throw new RangeError(
      `heartbeat interval must be from 1 to ${MAX_INTERVAL_MS} ms, got ${String(intervalMs)}`,
    );
  }
  return (source) =>
    new Observable((subscriber) => {
      const timer = setInterval(() => {
        subscriber.next({ comment: 'heartbeat' });
      }, intervalMs);
      subscriber.add(() => {
        clearInterval(timer);
      });
      return source.pipe(tap(() => timer.refresh())).subscribe(subscriber);
    });
}
