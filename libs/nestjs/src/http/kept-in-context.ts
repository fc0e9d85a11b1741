import type { Stage } from '@followspot/core';
import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
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
  return new KeptInContext(stage, listener, source, isForNest);
}

/** One object for as long as the stream is open; a function given to `Observable` would be three. */
class KeptInContext extends Observable<unknown> {
  readonly #stage: Stage;
  readonly #listener: SubscriptionListener;
  readonly #answer: Observable<unknown>;
  readonly #isForNest: boolean;

  constructor(stage: Stage, listener: SubscriptionListener, answer: Observable<unknown>, isForNest: boolean) {
    super();
    this.#stage = stage;
    this.#listener = listener;
    this.#answer = answer;
    this.#isForNest = isForNest;
  }

  /** Where RxJS itself keeps that function. */
  protected _subscribe(subscriber: Subscriber<unknown>): TeardownLogic {
    const followed = new StageSubscriber(subscriber, this.#stage, this.#listener, this.#isForNest);
    return this.#stage.run(() => this.#answer.subscribe(followed));
  }
}
