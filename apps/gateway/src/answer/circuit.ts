import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import { Observable } from 'rxjs';
import { CircuitOpen } from './upstream-error.js';

/** What a circuit is told and tells. */
export interface CircuitOptions {
  /** Failures in a row after which it opens. */
  readonly breakerFailures: number;
  /** How long it then lets nothing through, in milliseconds. After that one call at a time may try. */
  readonly breakerOpenMs: number;
  /** Whether an error says something about the provider, and not only about the request. */
  readonly isFailure: (error: unknown) => boolean;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

/** Whoever wanted the answer has left, which says nothing about the provider. */
class Left extends Error {}

/** A call that was not complete. */
class Incomplete extends Error {
  /** @param isFailure Whether the circuit is to take it for a failure. */
  constructor(
    cause: unknown,
    readonly isFailure: boolean,
  ) {
    super('the call is not complete', { cause });
  }
}

/** A circuit breaker around streams: a call has succeeded when its stream is complete, and not when it begins. */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  readonly #isFailure: (error: unknown) => boolean;

  constructor({ breakerFailures, breakerOpenMs, isFailure, onOpen, onClose }: CircuitOptions) {
    this.#isFailure = isFailure;
    const failures = handleWhen((error) => error instanceof Incomplete && error.isFailure);
    this.#policy = circuitBreaker(failures, {
      breaker: new ConsecutiveBreaker(breakerFailures),
      halfOpenAfter: breakerOpenMs,
    });
    this.#policy.onBreak(onOpen);
    this.#policy.onReset(onClose);
  }

  /** The stream, or the error {@link CircuitOpen}. */
  guard<T>(source: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      // The library would let it wait for the end of the call that is trying.
      if (this.#isTrying) {
        subscriber.error(new CircuitOpen());
        return;
      }
      const call = (): Promise<void> => {
        const isTrial = this.#isTrying;
        return new Promise((resolve, reject) => {
          const fail = (error: unknown): void => {
            reject(new Incomplete(error, this.#isCounted(error, isTrial)));
          };
          subscriber.add(
            source.subscribe({
              next: (value) => {
                subscriber.next(value);
              },
              error: fail,
              complete: resolve,
            }),
          );
          subscriber.add(() => {
            fail(new Left());
          });
        });
      };
      this.#policy.execute(call).then(
        () => {
          subscriber.complete();
        },
        (error: unknown) => {
          if (error instanceof BrokenCircuitError) subscriber.error(new CircuitOpen());
          else subscriber.error(error instanceof Incomplete ? error.cause : error);
        },
      );
    });
  }

  /**
   * A trial that nobody waited for must not close the circuit. What was called before the circuit opened decides nothing
   * any more: that is for the trial.
   */
  #isCounted(error: unknown, isTrial: boolean): boolean {
    if (error instanceof Left) return isTrial;
    return (isTrial || this.#policy.state === CircuitState.Closed) && this.#isFailure(error);
  }

  get #isTrying(): boolean {
    return this.#policy.state === CircuitState.HalfOpen;
  }
}
