import { Given } from '../attachment.js';
import type { ResponseEndListener } from './response-end.js';

/**
 * Who waits for a connection to close, on its socket. Nearly always that is one response, and only a client that
 * pipelines has more. Not only those that are queued wait for it: a socket may be taken off a response by hand.
 */
export class ConnectionWaiters extends Given {
  #first: ResponseEndListener | undefined;
  #others: Set<ResponseEndListener> | undefined;

  /** Once for each socket. */
  constructor(socket: object, first: ResponseEndListener) {
    super(socket);
    this.#first = first;
  }

  /** False where the socket has no waiters yet. */
  static add(socket: object, listener: ResponseEndListener): boolean {
    if (!(#first in socket)) return false;
    if (socket.#first === undefined) socket.#first = listener;
    else (socket.#others ??= new Set()).add(listener);
    return true;
  }

  static remove(socket: object, listener: ResponseEndListener): void {
    if (!(#first in socket)) return;
    if (socket.#first === listener) socket.#first = undefined;
    else socket.#others?.delete(listener);
  }

  /** The connection has closed, and everybody is told. */
  static tell(socket: object): void {
    if (!(#first in socket)) return;
    const others = socket.#others;
    socket.#first?.responseOver();
    for (const listener of others ?? []) listener.responseOver();
  }
}
