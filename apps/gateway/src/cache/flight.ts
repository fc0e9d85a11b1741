import { AsyncLocalStorage } from 'node:async_hooks';
import { Observable, ReplaySubject } from 'rxjs';

/** One answer that is being worked out, and told at the same time to everybody who asks for it meanwhile. */
export class Flight<T> {
  readonly #events: ReplaySubject<T>;
  readonly #capacity: number;
  readonly #begunAt = performance.now();
  #told = 0;

  /**
   * @param traceId Of the request that works it out.
   * @param capacity How many events are kept for those who come later.
   */
  constructor(
    readonly traceId: string,
    capacity: number,
  ) {
    this.#capacity = capacity;
    this.#events = new ReplaySubject(capacity);
  }

  /** Whether somebody who comes now could still be told everything. */
  get isOpen(): boolean {
    return this.#told <= this.#capacity;
  }

  /** For how long it has been worked out, in milliseconds. */
  get ageMs(): number {
    return performance.now() - this.#begunAt;
  }

  tell(event: T): void {
    this.#told += 1;
    this.#events.next(event);
  }

  land(): void {
    this.#events.complete();
  }

  fail(error: unknown): void {
    this.#events.error(error);
  }

  /**
   * What was told so far, and then the rest. Each subscriber hears it as code of its own request: RxJS runs whoever
   * listens in the context of whoever speaks, which here is another request.
   */
  readonly events = new Observable<T>((subscriber) => {
    const inOwnContext = AsyncLocalStorage.snapshot();
    return this.#events.subscribe({
      next: (event) =>
        inOwnContext(() => {
          subscriber.next(event);
        }),
      error: (error: unknown) =>
        inOwnContext(() => {
          subscriber.error(error);
        }),
      complete: () =>
        inOwnContext(() => {
          subscriber.complete();
        }),
    });
  });
}
