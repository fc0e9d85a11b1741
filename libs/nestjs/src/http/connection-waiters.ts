import type { ResponseEndListener } from './response-end.js';

/** Who waits for one connection to close. Nearly always that is one response, and only a client that pipelines has more. */
export class ConnectionWaiters {
  #first: ResponseEndListener | undefined;
  #others: Set<ResponseEndListener> | undefined;

  add(listener: ResponseEndListener): void {
    if (this.#first === undefined) this.#first = listener;
    else (this.#others ??= new Set()).add(listener);
  }

  delete(listener: ResponseEndListener): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }

  /** The connection has closed, and everybody is told. */
  tell(): void {
    const others = this.#others;
    this.#first?.responseOver();
    for (const listener of others ?? []) listener.responseOver();
  }
}
