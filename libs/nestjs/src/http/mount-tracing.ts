import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';
import { take } from 'rxjs';
import { exchangeOf } from './exchanges.js';
import { type ExchangeOpener, traceHandling, traceMiddleware } from './trace-middleware.js';

/** What is used of Fastify: a hook that runs when the route is known, also where a guard then refuses. */
interface FastifyInstance {
  addHook(
    name: 'preParsing',
    hook: (request: FastifyRequest, reply: object, payload: unknown, done: () => void) => void,
  ): void;
}

interface FastifyRequest {
  readonly routeOptions?: { readonly url?: string };
}

/** What is used of Node's server. */
interface RequestEmitter {
  prependListener(
    event: 'request',
    listener: (request: IncomingMessage, response: ServerResponse) => void,
  ): void;
}

// The host tells once. A subscription that ends itself also keeps V8 from sizing all Observables of the process by ours,
// which are the first ones and have no operator.

/**
 * Mounts the middleware on the adapter itself, as soon as there is one. A Nest middleware (`consumer.apply`) would
 * come after the body parser and inside the global prefix: malformed JSON, 413 and other paths would be missed.
 */
export function mountTracing(host: HttpAdapterHost, openExchange: ExchangeOpener): void {
  host.init$.pipe(take(1)).subscribe(() => {
    if (!hasAdapter(host)) return;
    const adapter = host.httpAdapter;
    if (adapter.getType() === 'express' && traceHandling(adapter.getInstance(), openExchange)) return;
    adapter.use(traceMiddleware(openExchange));
    if (adapter.getType() !== 'fastify') return;
    const fastify = adapter.getInstance<FastifyInstance>();
    fastify.addHook('preParsing', (request, reply, _payload, done) => {
      exchangeOf(reply)?.matchedRoute(request.routeOptions?.url);
      done();
    });
  });
}

/**
 * Opens the trace as soon as the server has the request. Fastify answers some requests before it runs any middleware
 * (CORS preflight, CSRF, malformed percent-encoding), and these too carry an id. Where there is no server of Node's,
 * as under Fastify's `inject`, the middleware opens it. Express does nothing before the tracing begins.
 */
export function listenToRequests(host: HttpAdapterHost, openExchange: ExchangeOpener): void {
  if (!hasAdapter(host) || host.httpAdapter.getType() === 'express') return;
  const server = host.httpAdapter.getHttpServer() as Partial<RequestEmitter> | undefined;
  server?.prependListener?.('request', openExchange);
}

/** Calls back when the application begins to close. Nest 11 has no such moment; there it is `onModuleDestroy`. */
export function beforeClosing(host: HttpAdapterHost, tell: () => void): void {
  host.init$.pipe(take(1)).subscribe(() => {
    if (!hasAdapter(host)) return;
    const adapter = host.httpAdapter as { beforeClose?: () => unknown };
    const original = adapter.beforeClose?.bind(adapter);
    if (original === undefined) return;
    adapter.beforeClose = () => {
      tell();
      return original();
    };
  });
}

/** An application context for jobs and a microservice have none, whatever the type says. */
export function hasAdapter(host: HttpAdapterHost): boolean {
  return (host.httpAdapter as unknown) != null;
}
