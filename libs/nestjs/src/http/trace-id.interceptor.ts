import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Stage } from '@followspot/core';
import { Observable } from 'rxjs';
import { StageSubscriber, type SubscriptionListener } from '../rxjs/stage-subscriber.js';
import { exchangeOf, type HttpExchange } from './http-exchange.js';
import type { SseStreamStage } from './sse-stream-stage.js';

/** The key under which Nest's `@Sse` marks a handler; Nest exports no name for it. */
const SSE_METADATA = '__sse__';

/** For an answer that has no stage of its own: it only keeps its context. */
const UNOBSERVED: SubscriptionListener = { complete: () => {}, error: () => {}, unsubscribe: () => {} };

/**
 * Names the handler and the route on the request stage, and opens the stream stage of an `@Sse` answer. It opens no
 * trace: that has happened in the middleware, because guards and exception filters never see an interceptor.
 */
@Injectable()
export class TraceIdInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<RoutedRequest>();
    const exchange = exchangeOf(request);
    if (exchange === undefined) return next.handle();
    const handler = context.getHandler();
    exchange.handledBy(`${context.getClass().name}.${handler.name}`);
    exchange.matchedRoute(routeOf(request));
    const isSse = Reflect.getMetadata(SSE_METADATA, handler) === true;
    const stream = isSse ? openStream(exchange) : undefined;
    if (stream === undefined) return keptInContext(exchange.root, UNOBSERVED, next);
    return keptInContext(stream.stage, stream, next);
  }
}

/** Undefined also when that failed, and the stream is then answered unobserved. */
function openStream(exchange: HttpExchange): SseStreamStage | undefined {
  return exchange.root.trace.recorder.attempt('stream stage', () => exchange.openStream());
}

/**
 * Keeps the handler and what it returns in the context of `stage`, also where RxJS would leave it: on teardown, which
 * runs in the context of the closed socket, and behind a source that two requests share.
 */
function keptInContext(stage: Stage, listener: SubscriptionListener, next: CallHandler): Observable<unknown> {
  // Nest runs the handler in the context in which `handle` is called, whenever it is subscribed to.
  const source = stage.run(() => next.handle() as Observable<unknown>);
  return new Observable((subscriber) => {
    const followed = new StageSubscriber(subscriber, stage, listener);
    return stage.run(() => source.subscribe(followed));
  });
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
