import { currentStage } from '@followspot/core';
import { isObservable } from 'rxjs';
import { enterHandler } from './enter-handler.js';
import { exchangeOf, type HttpExchange } from './http-exchange.js';
import { keptInContext, UNOBSERVED } from './kept-in-context.js';
import type { SseStreamStage } from './sse-stream-stage.js';

/** How Nest calls a handler through the interceptors that it has. Private, and the same in Nest 11 and 12. */
type Intercept = (
  this: unknown,
  interceptors: unknown,
  args: unknown,
  instance: object,
  handler: object,
  next: unknown,
  type: unknown,
) => Promise<unknown>;

const PARAMETERS = 6;

/** Prototypes that are followed already: all applications of a process share one. */
const followedPrototypes = new WeakSet<object>();

/**
 * Follows the handlers of all routes from where Nest calls them, around whatever interceptors they have. Returns false,
 * and has changed nothing, where this Nest has no such place. A global interceptor sees the same, but as soon as there is
 * one, Nest builds a pipeline for every request that costs more than the whole module.
 *
 * @param creator Nest's `ExternalContextCreator`: it can be injected, and shares what calls handlers with the router.
 */
export function followHandlers(creator: unknown): boolean {
  const prototype = callingPrototype(creator);
  if (prototype === undefined) return false;
  if (followedPrototypes.has(prototype)) return true;
  followedPrototypes.add(prototype);
  const { intercept } = prototype;
  prototype.intercept = function followed(interceptors, args, instance, handler, next, type) {
    const call = (): Promise<unknown> =>
      intercept.call(this, interceptors, args, instance, handler, next, type);
    const request: unknown = type === 'http' && Array.isArray(args) ? args[0] : undefined;
    const exchange = typeof request === 'object' && request !== null ? exchangeOf(request) : undefined;
    if (exchange === undefined || exchange.isFollowed) return call();
    exchange.isFollowed = true;
    const { recorder } = exchange.root.trace;
    const stream = recorder.attempt('handler', () =>
      enterHandler(exchange, request as object, instance.constructor, handler as () => unknown),
    );
    return stream === undefined ? answered(exchange, call) : streamed(stream, call);
  };
  return true;
}

function callingPrototype(creator: unknown): { intercept: Intercept } | undefined {
  const consumer = (creator as { interceptorsConsumer?: unknown } | undefined)?.interceptorsConsumer;
  if (typeof consumer !== 'object' || consumer === null) return undefined;
  const prototype = Object.getPrototypeOf(consumer) as { intercept?: Intercept } | null;
  return prototype?.intercept?.length === PARAMETERS ? (prototype as { intercept: Intercept }) : undefined;
}

/** What has lost the context on the way (a pool of connections, say) gets it back. */
async function answered({ root }: HttpExchange, call: () => Promise<unknown>): Promise<unknown> {
  const result = await (currentStage()?.trace === root.trace ? call() : root.run(call));
  return isObservable(result) ? keptInContext(root, UNOBSERVED, result, true) : result;
}

async function streamed(stream: SseStreamStage, call: () => Promise<unknown>): Promise<unknown> {
  try {
    const result = await stream.stage.run(call);
    if (isObservable(result)) return keptInContext(stream.stage, stream, result, true);
    // Nest refuses it in a moment.
    stream.error(new TypeError('the handler of a stream returned no Observable'));
    return result;
  } catch (error) {
    stream.error(error);
    throw error;
  }
}
