import type { IncomingMessage } from 'node:http';
import { HttpException, Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { EndpointGuard } from './endpoint-guard.js';
import type { Endpoint } from './metrics-endpoints.js';

/** The bit in which a lower-case letter of ASCII differs from its capital. */
const LOWER_CASE = 0x20;

/** Express's request or Fastify's. */
type AdapterRequest = IncomingMessage & { readonly raw?: IncomingMessage };
type Handler = (request: AdapterRequest, response: object, next?: () => void) => unknown;

/** What is used of Express. In 4 the router has a name with an underscore, and to ask for the other one throws. */
interface ExpressInstance {
  readonly _router?: ExpressRouter;
  readonly router?: ExpressRouter;
}

interface ExpressRouter {
  readonly stack: readonly { readonly route?: { readonly path?: unknown } }[];
}

/** What is used of Fastify. */
interface FastifyInstance {
  hasRoute(route: { method: string; url: string }): boolean;
}

/**
 * The endpoints as routes of the adapter. They are no controllers: a global prefix would move them, a global guard
 * refuse them, an envelope interceptor wrap them. A route of the application's own with the same path comes first,
 * with whatever guards it.
 */
export class MountedEndpoints {
  readonly #host: HttpAdapterHost;
  readonly #endpoints: readonly Endpoint[];
  readonly #logger = new Logger('Followspot');
  #guard: EndpointGuard = () => Promise.reject(new Error('the application is still starting'));
  /** Paths that the application serves itself. */
  readonly #taken = new Set<string>();

  constructor(host: HttpAdapterHost, endpoints: readonly Endpoint[]) {
    this.#host = host;
    this.#endpoints = endpoints;
  }

  /** Whether a request asks for one of the endpoints, as the router of the adapter compares paths. */
  isFor({ method, url = '' }: IncomingMessage): boolean {
    if (method !== 'GET' && method !== 'HEAD') return false;
    const first = this.#endpoints[0]?.path ?? '';
    // Asked for every request, so what most of them are comes first: all paths begin as the first one does.
    if (url.length < first.length || !beginsAlike(url, first)) return false;
    const isSame = this.#host.httpAdapter.getType() === 'express' ? isSamePath : isExactly;
    const [path] = url.split('?', 1);
    return this.#endpoints.some((endpoint) => isSame(path, endpoint.path));
  }

  /**
   * After the middleware that the application has put on the adapter, which may ask for a password, and before its
   * routes, because on Express the route of a single-page application matches everything.
   */
  beforeRoutes(): void {
    const { httpAdapter } = this.#host;
    if (httpAdapter.getType() !== 'express') return;
    const handlers = this.#endpoints.map((endpoint) => [endpoint.path, this.#handlerOf(endpoint)] as const);
    const middleware: Handler = (request, response, next) => {
      if (!this.isFor(request)) return next?.();
      const [path] = (request.url ?? '').split('?', 1);
      const [found, handler] = handlers.find(([own]) => isSamePath(path, own)) ?? [];
      return found === undefined || handler === undefined || this.#taken.has(found)
        ? next?.()
        : handler(request, response);
    };
    // One for all that begins alike: for a request that does not match, the router takes hardly any time.
    httpAdapter.use(atOrBelow(this.#endpoints[0]?.path ?? ''), middleware);
  }

  /** On Fastify the order does not matter, and a path can be taken once. */
  afterRoutes(guard: EndpointGuard): void {
    this.#guard = guard;
    const { httpAdapter } = this.#host;
    for (const endpoint of this.#endpoints) {
      if (this.#isTaken(endpoint.path)) {
        this.#taken.add(endpoint.path);
        this.#logger.log(`${endpoint.path} is served by the application itself`);
      } else if (httpAdapter.getType() === 'fastify') {
        httpAdapter.get(endpoint.path, this.#handlerOf(endpoint) as never);
      }
    }
  }

  #isTaken(path: string): boolean {
    const { httpAdapter } = this.#host;
    if (httpAdapter.getType() === 'fastify') {
      return httpAdapter.getInstance<FastifyInstance>().hasRoute({ method: 'GET', url: path });
    }
    const express = httpAdapter.getInstance<ExpressInstance>();
    const router = express._router ?? express.router;
    return router?.stack.some(({ route }) => isSamePath(route?.path, path)) === true;
  }

  #handlerOf(endpoint: Endpoint): Handler {
    return async (request, response) => {
      const { httpAdapter } = this.#host;
      try {
        await this.#guard(request, response);
        const { status, body, contentType } = await endpoint.answer(request.raw ?? request);
        if (contentType !== undefined) httpAdapter.setHeader(response, 'Content-Type', contentType);
        httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
        await httpAdapter.reply(response, body, status);
      } catch (error) {
        const refusal = error instanceof HttpException ? error : undefined;
        if (refusal === undefined) this.#logger.error(`${endpoint.path} failed: ${String(error)}`);
        const status = refusal?.getStatus() ?? 500;
        await httpAdapter.reply(
          response,
          refusal?.getResponse() ?? { statusCode: status, message: 'Internal server error' },
          status,
        );
      }
      return response;
    };
  }
}

/** Whether the second characters, after the slash, are the same letter. */
function beginsAlike(url: string, path: string): boolean {
  return (url.charCodeAt(1) | LOWER_CASE) === (path.charCodeAt(1) | LOWER_CASE);
}

/** Matches what is at this path or below without taking it, so that Express leaves the URL as it is. */
function atOrBelow(path: string): RegExp {
  // Of what a path may have in it (see the option), nothing else means something to a pattern.
  return new RegExp(`^(?=${path.replaceAll('.', String.raw`\.`)}(?:/|$))`, 'i');
}

function isExactly(path: unknown, other: string): boolean {
  return path === other;
}

/** As Express compares by default: `/Metrics/` is `/metrics`. */
function isSamePath(path: unknown, other: string): boolean {
  return typeof path === 'string' && path.replace(/\/$/, '').toLowerCase() === other.toLowerCase();
}
