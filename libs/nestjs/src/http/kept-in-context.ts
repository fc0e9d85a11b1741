import type { Stage } from '@followspot/core';
import { Observable } from 'rxjs';
import { StageSubscriber, type SubscriptionListener } from '../rxjs/stage-subscriber.js';

/** For an answer that has no stage of its own: it only keeps its context. */
export const UNOBSERVED: SubscriptionListener = {
  complete: () => {},
  error: () => {},
  unsubscribe: () => {},
};

/**
 * Keeps what a handler returned in the context of `stage`, also where RxJS would leave it: on teardown, which runs in the
 * context of the closed socket, and behind a source that two requests share.
 * @param isForNest Whether no interceptor comes after it.
 */
export function keptInContext(
  stage: Stage,
  listener: SubscriptionListener,
  source: Observable<unknown>,
  isForNest = false,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const followed = new StageSubscriber(subscriber, stage, listener, isForNest);
    return stage.run(() => source.subscribe(followed));
  });
}
