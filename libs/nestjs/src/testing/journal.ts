import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { finalize, type Observable, tap } from 'rxjs';
import { ExecutionTracker } from '@followspot/core';

/** Which trace id was read where, in the order in which the places were passed. */
@Injectable()
export class Journal {
  readonly entries: [place: string, traceId: string | undefined][] = [];
  readonly #emitter = new EventEmitter();
  readonly ticks: (string | undefined)[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {
    this.#timer = setInterval(() => {
      this.ticks.push(this.tracker.traceId);
      this.#emitter.emit('tick');
    }, 2);
  }

  note(place: string): void {
    this.entries.push([place, this.tracker.traceId]);
  }

  async nextTick(): Promise<void> {
    await once(this.#emitter, 'tick');
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }
}

@Injectable()
export class NotingGuard implements CanActivate {
  constructor(@Inject(Journal) private readonly journal: Journal) {}
  async canActivate(): Promise<boolean> {
    await wait(1);
    this.journal.note('guard');
    return true;
  }
}

@Injectable()
export class NotingPipe implements PipeTransform {
  constructor(@Inject(Journal) private readonly journal: Journal) {}
  async transform(value: unknown): Promise<unknown> {
    await wait(1);
    this.journal.note('pipe');
    return value;
  }
}

@Injectable()
export class NotingInterceptor implements NestInterceptor {
  constructor(@Inject(Journal) private readonly journal: Journal) {}
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.note('interceptor before');
    return next.handle().pipe(
      tap({
        next: () => {
          this.journal.note('interceptor value');
        },
        complete: () => {
          this.journal.note('interceptor after');
        },
      }),
      finalize(() => {
        this.journal.note('interceptor finally');
      }),
    );
  }
}

@Catch(HttpException)
@Injectable()
export class NotingFilter implements ExceptionFilter {
  constructor(@Inject(Journal) private readonly journal: Journal) {}
  catch(exception: HttpException, host: ArgumentsHost): void {
    this.journal.note('filter');
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(exception.getStatus()).send({});
  }
}

@Module({ providers: [Journal], exports: [Journal] })
export class JournalModule {
  constructor(@Inject(Journal) private readonly journal: Journal) {}
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_: unknown, __: unknown, next: () => void) => {
        this.journal.note('middleware');
        next();
      })
      .forRoutes('{*splat}');
  }
}
