import type { HttpExchange } from './http-exchange.js';
import { HandlerDescriptions } from './request-description.js';
import type { SseStreamStage } from '../stream/sse-stream-stage.js';

/** The key under which Nest's `@Sse` marks a handler; Nest exports no name for it. */
const SSE_METADATA = '__sse__';

/** What is known of a handler. */
interface KnownHandler {
  readonly controller: object;
  /** Of `ItemsController.find`. */
  readonly descriptions: HandlerDescriptions;
  readonly isSse: boolean;
}

/** Handlers are few and called often; to look up metadata and names takes longer than all the rest here. */
const knownHandlers = new WeakMap<object, KnownHandler>();

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
  const { descriptions, isSse } = known(controller, handler);
  exchange.handledBy(descriptions);
  if (!exchange.hasRoute) exchange.matchedRoute(routeOf(request));
  return isSse ? exchange.openStream() : undefined;
}

/** Two controllers may have inherited the same handler. */
function known(controller: { readonly name: string }, handler: { readonly name: string }): KnownHandler {
  const found = knownHandlers.get(handler);
  if (found?.controller === controller) return found;
  const descriptions = new HandlerDescriptions(`${controller.name}.${handler.name}`);
  const made = { controller, descriptions, isSse: Reflect.getMetadata(SSE_METADATA, handler) === true };
  knownHandlers.set(handler, made);
  return made;
}

/** Where each adapter keeps the template of the matched route. */
interface RoutedRequest {
  /** Express. */
  readonly route?: { readonly path?: unknown };
  /** Fastify. */
  readonly routeOptions?: { readonly url?: unknown };
}

function routeOf(request: RoutedRequest): string | undefined {
  // Express's first: what is not there is looked for through all prototypes.
  const path = request.route?.path ?? request.routeOptions?.url;
  return typeof path === 'string' ? path : undefined;
}
