import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  acceptTraceId,
  createTraceId,
  currentStage,
  type Recorder,
  TRACE_ID_HEADER,
  type TraceStart,
} from '@followspot/core';
import type { ResolvedOptions } from '../config/resolve-options.js';
import { exchangeOfNodes } from './exchanges.js';
import { type ExchangeSetup, HttpExchange } from './http-exchange.js';
import { REQUEST_STAGE } from './stages.js';

/** A middleware on Node's own objects, as Express and Fastify both take it. */
export type NodeMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Gives a request its exchange; undefined only when that failed, and the request is then answered untraced. */
export type ExchangeOpener = (request: IncomingMessage, response: ServerResponse) => HttpExchange | undefined;

/**
 * Opens the trace of a request, unless it has one already, and puts its id on the response.
 * @param isUntraced Which requests are none of the application's, such as a scrape.
 */
export function exchangeOpener(
  recorder: Recorder,
  options: Pick<ResolvedOptions, 'force' | 'threadId' | 'stream'>,
  setup: Omit<ExchangeSetup, 'stream' | 'clock'>,
  isUntraced: (request: IncomingMessage) => boolean = () => false,
): ExchangeOpener {
  const exchangeSetup: ExchangeSetup = { ...setup, stream: options.stream, clock: recorder.clock };
  const { threadId: threadIdOf, force: isForced } = options;
  const startOf = (request: IncomingMessage, traceId: string): TraceStart => {
    if (threadIdOf === undefined && isForced === undefined) return { traceId };
    const threadId =
      threadIdOf && acceptTraceId(recorder.attempt('option threadId', () => threadIdOf(request)));
    const force = isForced && recorder.attempt('option force', () => isForced(request)) === true;
    return { traceId, threadId, force };
  };
  const open = (request: IncomingMessage, response: ServerResponse): HttpExchange | undefined => {
    const traceId = acceptTraceId(request.headers['x-trace-id']) ?? createTraceId();
    if (!response.headersSent) response.setHeader(TRACE_ID_HEADER, traceId);
    const { root } = recorder.openTrace(REQUEST_STAGE, startOf(request, traceId));
    return root === undefined ? undefined : new HttpExchange(root, request, response, exchangeSetup);
  };
  return (request, response) => {
    try {
      return (
        exchangeOfNodes(response) ??
        exchangeHere(request) ??
        (isUntraced(request) ? undefined : open(request, response))
      );
    } catch (error) {
      recorder.reportInternalError('trace middleware', error);
      return undefined;
    }
  };
}

/** That of the same request, where an application has handed it on to another one with a response of its own. */
function exchangeHere(request: IncomingMessage): HttpExchange | undefined {
  const describer = currentStage()?.trace.describer;
  return describer instanceof HttpExchange && describer.request === request ? describer : undefined;
}

/** How an Express application handles a request: what `app(request, response)` and whoever mounts it calls. */
type Handle = (
  this: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  done?: (error?: unknown) => void,
) => void;

/**
 * Has an Express application do everything for a request inside its trace: the middleware that was there before us,
 * guards, pipes and exception filters too, which they would not be if an interceptor did it. It is no middleware
 * because Express's router takes longer for one more than we do. Returns false, and has changed nothing, where the
 * application has no such method.
 */
export function traceHandling(application: { handle?: Handle }, openExchange: ExchangeOpener): boolean {
  const { handle } = application;
  if (typeof handle !== 'function') return false;
  application.handle = function traced(request, response, done) {
    const root = openExchange(request, response)?.root;
    // An application inside another one is in the trace already.
    if (root === undefined || currentStage()?.trace === root.trace)
      handle.call(this, request, response, done);
    else root.run(handle.bind(this, request, response, done));
  };
  return true;
}

/** The same as a middleware, for whatever comes after it. */
export function traceMiddleware(openExchange: ExchangeOpener): NodeMiddleware {
  return (request, response, next) => {
    const root = openExchange(request, response)?.root;
    // An application inside another one, on the same server, is in the trace already.
    if (root === undefined || currentStage()?.trace === root.trace) next();
    else root.run(next);
  };
}
