import { attachment } from './attachment.js';
import type { HttpExchange } from './http-exchange.js';

/** The exchange of each request that is being answered, by Node's own request object, which both adapters share. */
const exchanges = attachment<HttpExchange>();

/** Says which exchange a request belongs to. */
export function belongsTo(request: object, exchange: HttpExchange): void {
  exchanges.attach(request, exchange);
}

/** The exchange that a request belongs to; takes Express's request and Fastify's alike. */
export function exchangeOf(request: object): HttpExchange | undefined {
  return exchanges.of(request) ?? exchangeOfRaw(request);
}

/** Apart, because to look for what is not there takes longest. On Express `raw` is whatever the application has put there. */
function exchangeOfRaw(request: object): HttpExchange | undefined {
  const { raw } = request as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? exchanges.of(raw) : undefined;
}
