import { attachment } from './attachment.js';
import type { HttpExchange } from './http-exchange.js';

/** The exchange of each request that is being answered, by Node's own request and response, which both adapters share. */
const exchanges = attachment<HttpExchange>();

/** Says which exchange a request or a response belongs to. Not by way of `response.req`: applications replace that. */
export function belongsTo(message: object, exchange: HttpExchange): void {
  exchanges.attach(message, exchange);
}

/** The exchange that a request or a response belongs to; takes Express's and Fastify's alike. */
export function exchangeOf(message: object): HttpExchange | undefined {
  return exchanges.of(message) ?? exchangeOfRaw(message);
}

/** Apart, because to look for what is not there takes longest. On Express `raw` is whatever the application has put there. */
function exchangeOfRaw(message: object): HttpExchange | undefined {
  const { raw } = message as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? exchanges.of(raw) : undefined;
}
