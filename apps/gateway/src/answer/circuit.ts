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

/** A circuit breaker around streams: a call has succeeded when its stream is complete, and not when it begins. */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;

  constructor({ breakerFailures, breakerOpenMs, isFailure, onOpen, onClose }: CircuitOptions) {
    const failures = handleWhen((error) =>
      // When it is being tried whether calls succeed again, one that nobody waited for must not close the circuit.
      error instanceof Left ? this.#isTrying : isFailure(error),
    );
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
      const call = (): Promise<void> =>
        new Promise((resolve, reject) => {
          subscriber.add(
            source.subscribe({
              next: (value) => {
                subscriber.next(value);
              },
              error: reject,
              complete: resolve,
            }),
          );
          subscriber.add(() => {
            reject(new Left());
          });
        });
      this.#policy.execute(call).then(
        () => {
          subscriber.complete();
        },
        (error: unknown) => {
          subscriber.error(error instanceof BrokenCircuitError ? new CircuitOpen() : error);
        },
      );
    });
  }

  get #isTrying(): boolean {
    return this.#policy.state === CircuitState.HalfOpen;
  }
}
