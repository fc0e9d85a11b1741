import type { MessageEvent } from '@nestjs/common';
import { Observable, tap } from 'rxjs';

/** Sends a comment after every `silenceMs` in which the source said nothing, so that no proxy closes the connection. */
export function withHeartbeats(silenceMs: number) {
  return (source: Observable<MessageEvent>): Observable<MessageEvent> =>
    new Observable((subscriber) => {
      const timer = setInterval(() => {
        subscriber.next({ comment: 'heartbeat' });
      }, silenceMs);
      subscriber.add(() => {
        clearInterval(timer);
      });
      return source.pipe(tap(() => timer.refresh())).subscribe(subscriber);
    });
}
