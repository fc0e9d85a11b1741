import type { HttpExchange } from './http-exchange.js';
import type { SseStreamStage } from './sse-stream-stage.js';

/** The key under which Nest's `@Sse` marks a handler; Nest exports no name for it. */
const SSE_METADATA = '__sse__';

/** Handlers are few and called often; to look up metadata takes longer than all the rest here. */
const sseHandlers = new WeakMap<object, boolean>();

/**
 * Names handler and route on the request stage, and opens the stream stage if the handler answers with a stream.
 * Undefined when it does not, and where nothing records.
 */
export function enterHandler(
  exchange: HttpExchange,
  request: RoutedRequest,
  controller: { readonly name: string },
  handler: { readonly name: string },
): SseStreamStage | undefined {
  exchange.handledBy(`${controller.name}.${handler.name}`);
  exchange.matchedRoute(routeOf(request));
  return isSse(handler) ? exchange.openStream() : undefined;
}

function isSse(handler: object): boolean {
  let is = sseHandlers.get(handler);
  if (is === undefined) {
    is = Reflect.getMetadata(SSE_METADATA, handler) === true;
    sseHandlers.set(handler, is);
  }
  return is;
}

/** Where each adapter keeps the template of the matched route. */
interface RoutedRequest {
  /** Express. */
  readonly route?: { readonly path?: unknown };
  /** Fastify. */
  readonly routeOptions?: { readonly url?: unknown };
}

function routeOf(request: RoutedRequest): string | undefined {
  const path = request.routeOptions?.url ?? request.route?.path;
  return typeof path === 'string' ? path : undefined;
}
