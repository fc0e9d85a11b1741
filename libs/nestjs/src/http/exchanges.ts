import { Given } from '../attachment.js';
import type { HttpExchange } from './http-exchange.js';

/** The exchange of each request that is being answered, on Node's own response, which both adapters share. */
class Answered extends Given {
  readonly #exchange: HttpExchange;

  constructor(response: object, exchange: HttpExchange) {
    super(response);
    this.#exchange = exchange;
  }

  static exchangeOf(response: object): HttpExchange | undefined {
    return #exchange in response ? response.#exchange : undefined;
  }
}

/** Says which exchange one of Node's responses belongs to. */
export function belongsTo(response: object, exchange: HttpExchange): void {
  new Answered(response, exchange);
}

/** The exchange that one of Node's responses belongs to. */
export function exchangeOfNodes(response: object): HttpExchange | undefined {
  return Answered.exchangeOf(response);
}

/**
 * The exchange that a response belongs to: Node's own, and Express's, which is the same, or Fastify's. Undefined of
 * whatever else is given: Nest calls any call `http` that nobody has named.
 */
export function exchangeOf(response: unknown): HttpExchange | undefined {
  return typeof response === 'object' && response !== null
    ? (Answered.exchangeOf(response) ?? exchangeOfRaw(response))
    : undefined;
}

/** Apart, because to look for what is not there takes longest. On Express `raw` is whatever the application has put there. */
function exchangeOfRaw(response: object): HttpExchange | undefined {
  const { raw } = response as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? Answered.exchangeOf(raw) : undefined;
}
