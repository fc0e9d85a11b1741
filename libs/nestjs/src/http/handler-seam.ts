import { currentContext, currentStage } from '@followspot/core';
import { isObservable, type Observable } from 'rxjs';
import { enterHandler } from './enter-handler.js';
import { exchangeOf } from './exchanges.js';
import type { HttpExchange } from './http-exchange.js';
import { keptInContext, UNOBSERVED } from '../stream/kept-in-context.js';
import type { SseStreamStage } from '../stream/sse-stream-stage.js';

/** How Nest calls a handler through the interceptors that it has. Private, and the same in Nest 11 and 12. */
type Intercept = (
  this: unknown,
  interceptors: unknown,
  args: unknown,
  instance: object,
  handler: object,
  next: () => Promise<unknown>,
  type: unknown,
) => Promise<unknown>;

const PARAMETERS = 6;

/**
 * In the text of Nest's own method, by a name of its class. It is known to do nothing but call the handler where there is
 * no interceptor, in an async function that costs more than all that is done here, and is left out then. Where somebody
 * has put another method in its place, that is called.
 */
const OF_NEST = 'transformDeferred';

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
  const isNests = String(intercept).includes(OF_NEST);
  prototype.intercept = function followed(interceptors, args, instance, handler, next, type) {
    const exchange = type === 'http' && Array.isArray(args) ? exchangeOf(args[1]) : undefined;
    if (exchange === undefined)
      return intercept.call(this, interceptors, args, instance, handler, next, type);
    exchange.isFollowed = true;
    const stream = enter(exchange, args, instance, handler);
    // No function is made here: it would have to keep all these for every request.
    const isDirect = isNests && isEmpty(interceptors);
    if (stream !== undefined || currentStage()?.trace !== exchange.root.trace) {
      return entered(
        exchange,
        stream,
        isDirect ? next : intercept.bind(this, interceptors, args, instance, handler, next, type),
      );
    }
    return isDirect
      ? next().then(keptHere)
      : promised(intercept.call(this, interceptors, args, instance, handler, next, type)).then(keptHere);
  };
  return true;
}

function callingPrototype(creator: unknown): { intercept: Intercept } | undefined {
  const consumer = (creator as { interceptorsConsumer?: unknown } | undefined)?.interceptorsConsumer;
  if (typeof consumer !== 'object' || consumer === null) return undefined;
  const prototype = Object.getPrototypeOf(consumer) as { intercept?: Intercept } | null;
  return prototype?.intercept?.length === PARAMETERS ? (prototype as { intercept: Intercept }) : undefined;
}

/** Undefined also when that failed, and a stream is then answered unobserved. */
function enter(
  exchange: HttpExchange,
  args: unknown,
  instance: object,
  handler: object,
): SseStreamStage | undefined {
  try {
    const [request] = args as [object];
    return enterHandler(exchange, request, instance.constructor, handler as () => unknown);
  } catch (error) {
    exchange.root.trace.recorder.reportInternalError('handler', error);
    return undefined;
  }
}

/** Whoever has lost the context on the way (by a pool of connections, say) gets it back. */
function entered(
  exchange: HttpExchange,
  stream: SseStreamStage | undefined,
  call: () => Promise<unknown>,
): Promise<unknown> {
  return stream === undefined
    ? exchange.root.run(() => promised(call()).then(keptHere))
    : streamed(stream, call);
}

function isEmpty(interceptors: unknown): boolean {
  return Array.isArray(interceptors) && interceptors.length === 0;
}

/** An Observable that is no stream of events keeps the context of its request, which is the one here. */
function keptHere(value: unknown): unknown {
  const here = isObservable(value) ? currentStage() : undefined;
  return here === undefined
    ? value
    : keptInContext(here.trace.root ?? here, UNOBSERVED, value as Observable<unknown>, true);
}

/** Nest awaits what somebody else's method returns, which need not be a promise. */
function promised(result: unknown): Promise<unknown> {
  return Promise.resolve(result);
}

/** With `then` and no `await`, which would keep twice as much for as long as the handler takes. */
function streamed(stream: SseStreamStage, call: () => Promise<unknown>): Promise<unknown> {
  const { stage } = stream;
  const outer = currentContext();
  let inner: unknown;
  let result: unknown;
  try {
    result = stage.run(() => {
      inner = currentContext();
      return call();
    });
  } catch (error) {
    stream.error(error);
    throw error;
  }
  return promised(result).then(
    (value) => {
      if (isObservable(value)) return keptInContext(stage, stream, value, true, { outer, inner });
      // Nest refuses it in a moment.
      stream.error(new TypeError('the handler of a stream returned no Observable'));
      return value;
    },
    (error: unknown) => {
      stream.error(error);
      throw error;
    },
  );
}
