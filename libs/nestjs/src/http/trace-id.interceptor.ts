import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { enterHandler } from './enter-handler.js';
import { exchangeOf } from './exchanges.js';
import { keptInContext, UNOBSERVED } from '../stream/kept-in-context.js';

/**
 * Names the handler and the route on the request stage, and opens the stream stage of an `@Sse` answer. It opens no
 * trace: that has happened in the middleware, because guards and exception filters never see an interceptor.
 *
 * `ObservabilityModule` follows handlers without it where it can, and has it as a global interceptor elsewhere. A request
 * that is followed already passes through it unchanged.
 */
@Injectable()
export class TraceIdInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getResponse<unknown>());
    if (exchange === undefined || exchange.isFollowed) return next.handle();
    const { root } = exchange;
    // Undefined also when that failed, and the stream is then answered unobserved.
    const stream = root.trace.recorder.attempt('handler', () =>
      enterHandler(exchange, http.getRequest<object>(), context.getClass(), context.getHandler()),
    );
    const stage = stream?.stage ?? root;
    // Nest runs the handler in the context in which `handle` is called, whenever it is subscribed to.
    const source = stage.run(() => next.handle() as Observable<unknown>);
    return keptInContext(stage, stream ?? UNOBSERVED, source);
  }
}
