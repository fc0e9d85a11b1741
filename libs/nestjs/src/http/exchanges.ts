import { attachment } from './attachment.js';
import type { HttpExchange } from './http-exchange.js';

/** The exchange of each request that is being answered, by Node's own response, which both adapters share. */
const exchanges = attachment<HttpExchange>();

/** Says which exchange one of Node's responses belongs to. */
export function belongsTo(response: object, exchange: HttpExchange): void {
  exchanges.attach(response, exchange);
}

/** The exchange that one of Node's responses belongs to. */
export function exchangeOfNodes(response: object): HttpExchange | undefined {
  return exchanges.of(response);
}

/** The exchange that a response belongs to: Node's own, and Express's, which is the same, or Fastify's. */
export function exchangeOf(response: object): HttpExchange | undefined {
  return exchanges.of(response) ?? exchangeOfRaw(response);
}

/** Apart, because to look for what is not there takes longest. On Express `raw` is whatever the application has put there. */
function exchangeOfRaw(response: object): HttpExchange | undefined {
  const { raw } = response as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? exchanges.of(raw) : undefined;
}
