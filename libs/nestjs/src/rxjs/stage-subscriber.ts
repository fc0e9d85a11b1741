import { currentContext, currentStage, runInStage, type Stage } from '@followspot/core';
import { Subscriber, type TeardownLogic } from 'rxjs';

/** Of what ends with a subscriber: there may be many where there are more. */
const FEW = 4;

/** What happens to a subscription, told once each: values, and one of three ends. */
export interface SubscriptionListener {
  next?(value: unknown): void;
  complete(): void;
  error(error: unknown): void;
  /** The consumer left before the source was finished; its teardown has run. */
  unsubscribe(): void;
}

/**
 * Stands between a source and its subscriber and keeps two contexts apart: the source works as code of the stage, the
 * subscriber receives in the context it subscribed in. RxJS itself runs operators in the context of whoever emits,
 * and teardown in that of whoever unsubscribes, which may be another request or none.
 */
export class StageSubscriber<T> extends Subscriber<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #stage: Stage;
  readonly #listener: SubscriptionListener;
  readonly #outer = currentStage();
  readonly #isForNest: boolean;
  /** The latest context that was found to be one to deliver in; most sources stay in one. */
  #outside: unknown = currentContext();

  /**
   * To be called in the context of the subscriber: what is current here is what it gets its values in.
   * @param isForNest Whether the subscriber is what Nest sends with. Nothing of the application is below it whose stages
   * could come into the wrong one, so that anywhere in the trace is good enough: to enter a context for every event is
   * most of what an event would cost.
   */
  constructor(subscriber: Subscriber<T>, stage: Stage, listener: SubscriptionListener, isForNest = false) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- an observer cannot stop a source that emits synchronously
    super(subscriber);
    this.#subscriber = subscriber;
    this.#stage = stage;
    this.#listener = listener;
    this.#isForNest = isForNest;
  }

  /**
   * RxJS's list of what ends with a subscriber has room for 17 from the first on, and that of an open stream mostly has
   * one: it is put into a list that fits.
   */
  override add(teardown: TeardownLogic): void {
    super.add(teardown);
    const own = this as unknown as { _finalizers?: unknown };
    if (Array.isArray(own._finalizers) && own._finalizers.length < FEW)
      own._finalizers = own._finalizers.slice();
  }

  protected override _next(value: T): void {
    try {
      this.#listener.next?.(value);
    } catch (error) {
      // What looks at the value must not keep it from the subscriber.
      this.#stage.trace.recorder.reportInternalError('stream figures', error);
    }
    if (StageSubscriber.#isOutside(this)) this.#subscriber.next(value);
    else nextIn(this.#outer, this.#subscriber, value);
  }

  protected override _error(error: unknown): void {
    this.#listener.error(error);
    try {
      if (StageSubscriber.#isOutside(this)) this.#subscriber.error(error);
      else errorIn(this.#outer, this.#subscriber, error);
    } finally {
      this.unsubscribe();
    }
  }

  protected override _complete(): void {
    this.#listener.complete();
    try {
      if (StageSubscriber.#isOutside(this)) this.#subscriber.complete();
      else completeIn(this.#outer, this.#subscriber);
    } finally {
      this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    // By completing or failing, which RxJS notes first of all.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- RxJS's own, as `_complete` is
    const isFinished = this.isStopped;
    try {
      if (currentStage() === this.#stage) super.unsubscribe();
      else unsubscribeIn(this.#stage, this);
    } finally {
      if (!isFinished) this.#listener.unsubscribe();
    }
  }

  /** Of the class, because an object whose class has private methods takes a word more. */
  static #isOutside<T>(subscriber: StageSubscriber<T>): boolean {
    const context = currentContext();
    if (context === subscriber.#outside) return true;
    const here = currentStage();
    const isOutside =
      here === subscriber.#outer || (subscriber.#isForNest && here?.trace === subscriber.#stage.trace);
    if (isOutside) subscriber.#outside = context;
    return isOutside;
  }
}

// Apart, because a function that makes another one takes memory whether it makes it or not.

function nextIn<T>(stage: Stage | undefined, subscriber: Subscriber<T>, value: T): void {
  runInStage(stage, () => {
    subscriber.next(value);
  });
}

function errorIn(stage: Stage | undefined, subscriber: Subscriber<never>, error: unknown): void {
  runInStage(stage, () => {
    subscriber.error(error);
  });
}

function completeIn(stage: Stage | undefined, subscriber: Subscriber<never>): void {
  runInStage(stage, () => {
    subscriber.complete();
  });
}

function unsubscribeIn(stage: Stage, subscriber: Subscriber<never>): void {
  stage.run(() => {
    Subscriber.prototype.unsubscribe.call(subscriber);
  });
}
