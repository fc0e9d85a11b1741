import { callInContext, currentContext, type Stage } from '@followspot/core';
import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import { StageSubscriber, type SubscriptionListener } from '../rxjs/stage-subscriber.js';

/** For an answer that has no stage of its own: it only keeps its context. */
export const UNOBSERVED: SubscriptionListener = {
  complete: () => {},
  error: () => {},
  unsubscribe: () => {},
};

/** The context of a stage, and the one that it was entered from. */
export interface EnteredContext {
  readonly outer: unknown;
  readonly inner: unknown;
}

/**
 * Keeps what a handler returned in the context of `stage`, also where RxJS would leave it: on teardown, which runs in the
 * context of the closed socket, and behind a source that two requests share.
 * @param isForNest Whether no interceptor comes after it.
 * @param entered How the stage was entered before: where it is subscribed to in the same context, it is again.
 */
export function keptInContext(
  stage: Stage,
  listener: SubscriptionListener,
  source: Observable<unknown>,
  isForNest = false,
  entered?: EnteredContext,
): Observable<unknown> {
  return new KeptInContext(stage, listener, source, isForNest, entered);
}

/** One object for as long as the stream is open; a function given to `Observable` would be three. */
class KeptInContext extends Observable<unknown> {
  readonly #stage: Stage;
  readonly #listener: SubscriptionListener;
  readonly #answer: Observable<unknown>;
  readonly #isForNest: boolean;
  /** For the first subscription. */
  #entered: EnteredContext | undefined;

  constructor(
    stage: Stage,
    listener: SubscriptionListener,
    answer: Observable<unknown>,
    isForNest: boolean,
    entered: EnteredContext | undefined,
  ) {
    super();
    this.#stage = stage;
    this.#listener = listener;
    this.#answer = answer;
    this.#isForNest = isForNest;
    this.#entered = entered;
  }

  /** Where RxJS itself keeps that function. */
  protected _subscribe(subscriber: Subscriber<unknown>): TeardownLogic {
    const followed = new StageSubscriber(subscriber, this.#stage, this.#listener, this.#isForNest);
    const entered = this.#entered;
    this.#entered = undefined;
    return entered?.inner !== undefined && entered.outer === currentContext()
      ? (callInContext(entered.inner, subscribe, this.#answer, [followed]) as TeardownLogic)
      : subscribeAfresh(this.#stage, this.#answer, followed);
  }
}

function subscribeAfresh(
  stage: Stage,
  answer: Observable<unknown>,
  followed: StageSubscriber<unknown>,
): TeardownLogic {
  return stage.run(() => answer.subscribe(followed));
}

function subscribe(this: unknown, followed: unknown): TeardownLogic {
  return (this as Observable<unknown>).subscribe(followed as StageSubscriber<unknown>);
}
