import { currentStage, runInStage, type Stage } from '@followspot/core';
import { Subscriber } from 'rxjs';

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
  #isFinished = false;

  /** To be called in the context of the subscriber: what is current here is what it gets its values in. */
  constructor(subscriber: Subscriber<T>, stage: Stage, listener: SubscriptionListener) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- an observer cannot stop a source that emits synchronously
    super(subscriber);
    this.#subscriber = subscriber;
    this.#stage = stage;
    this.#listener = listener;
  }

  protected override _next(value: T): void {
    try {
      this.#listener.next?.(value);
    } catch (error) {
      // What looks at the value must not keep it from the subscriber.
      this.#stage.trace.recorder.reportInternalError('stream figures', error);
    }
    this.#outside(() => {
      this.#subscriber.next(value);
    });
  }

  protected override _error(error: unknown): void {
    this.#isFinished = true;
    this.#listener.error(error);
    try {
      this.#outside(() => {
        this.#subscriber.error(error);
      });
    } finally {
      this.unsubscribe();
    }
  }

  protected override _complete(): void {
    this.#isFinished = true;
    this.#listener.complete();
    try {
      this.#outside(() => {
        this.#subscriber.complete();
      });
    } finally {
      this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    try {
      this.#stage.run(() => {
        super.unsubscribe();
      });
    } finally {
      if (!this.#isFinished) this.#listener.unsubscribe();
      this.#isFinished = true;
    }
  }

  #outside(deliver: () => void): void {
    if (currentStage() === this.#outer) deliver();
    else runInStage(this.#outer, deliver);
  }
}
