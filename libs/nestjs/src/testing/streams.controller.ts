import { setTimeout as wait } from 'node:timers/promises';
import {
  type CanActivate,
  Controller,
  Injectable,
  type MessageEvent,
  NotFoundException,
  RequestMethod,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { concat, EMPTY, finalize, map, NEVER, Observable, of, tap, throwError, timer } from 'rxjs';
import { currentStage } from '@followspot/core';

/** Moments inside the server that a test waits for, by name; a test makes a new instance. */
export class Moments {
  readonly #moments = new Map<string, PromiseWithResolvers<string | undefined>>();

  /** Has come to pass: tells which trace it happened in. */
  pass(name: string): void {
    this.#moment(name).resolve(currentStage()?.trace.traceId);
  }

  /** Resolves with the trace id that could be read there. */
  passed(name: string): Promise<string | undefined> {
    return this.#moment(name).promise;
  }

  #moment(name: string): PromiseWithResolvers<string | undefined> {
    const known = this.#moments.get(name) ?? Promise.withResolvers<string | undefined>();
    this.#moments.set(name, known);
    return known;
  }
}

let moments = new Moments();

/** The moments of the test that is running. */
export function newMoments(): Moments {
  moments = new Moments();
  return moments;
}

@Injectable()
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    moments.pass('guarding');
    await moments.passed('let through');
    return true;
  }
}

const event = (data: unknown): MessageEvent => ({
  data: typeof data === 'number' ? String(data) : (data as object),
});

/** One handler for each way in which a stream can go. */
@Controller()
export class StreamsController {
  @Sse('complete')
  complete(): Observable<MessageEvent> {
    return concat(of({ comment: 'beat' } as MessageEvent), timer(20, 1).pipe(map(event))).pipe(
      takeUntilThree(),
    );
  }

  @Sse('synchronous')
  synchronous(): Observable<MessageEvent> {
    return of(event(1), event(2));
  }

  @Sse('posted', { method: RequestMethod.POST })
  posted(): Observable<MessageEvent> {
    return of(event(1));
  }

  @Sse('empty')
  empty(): Observable<MessageEvent> {
    return EMPTY;
  }

  @Sse('promised')
  async promised(): Promise<Observable<MessageEvent>> {
    await wait(5);
    return of(event(1));
  }

  @Sse('fails')
  fails(): Observable<MessageEvent> {
    return concat(
      timer(5).pipe(map(event)),
      throwError(() => new TypeError('upstream is gone')),
    );
  }

  @Sse('rejects')
  async rejects(): Promise<Observable<MessageEvent>> {
    await wait(30);
    throw new TypeError('too late for a status');
  }

  @Sse('throws')
  throws(): Observable<MessageEvent> {
    throw new TypeError('at once');
  }

  @Sse('refuses')
  refuses(): Observable<MessageEvent> {
    throw new NotFoundException('no such stream');
  }

  @Sse('fails-at-once')
  failsAtOnce(): Observable<MessageEvent> {
    return throwError(() => new TypeError('at once'));
  }

  @Sse('bigint-first')
  bigintFirst(): Observable<MessageEvent> {
    return of(event({ n: 1n }));
  }

  @Sse('bigint-later')
  bigintLater(): Observable<MessageEvent> {
    return timer(5, 1).pipe(map((n) => event(n === 0 ? 'fine' : { n: 1n })));
  }

  @Sse('circular-later')
  circularLater(): Observable<MessageEvent> {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return timer(5, 1).pipe(map((n) => event(n === 0 ? 'fine' : circle)));
  }

  @Sse('silent')
  silent(): Observable<MessageEvent> {
    return NEVER.pipe(onTeardown());
  }

  @Sse('endless')
  endless(): Observable<MessageEvent> {
    return timer(0, 5).pipe(map(event), onTeardown());
  }

  @Sse('preparing')
  async preparing(): Promise<Observable<MessageEvent>> {
    moments.pass('preparing');
    await moments.passed('prepared');
    moments.pass('handler goes on');
    return of(event(1)).pipe(
      tap(() => {
        moments.pass('subscribed');
      }),
    );
  }

  @Sse('guarded')
  @UseGuards(SlowGuard)
  guarded(): Observable<MessageEvent> {
    return NEVER;
  }
}

function onTeardown<T>(): (source: Observable<T>) => Observable<T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      moments.pass('subscribed');
      return source
        .pipe(
          finalize(() => {
            moments.pass('torn down');
          }),
        )
        .subscribe(subscriber);
    });
}

function takeUntilThree(): (source: Observable<MessageEvent>) => Observable<MessageEvent> {
  return (source) =>
    new Observable((subscriber) => {
      let seen = 0;
      return source.subscribe((message) => {
        subscriber.next(message);
        seen += message.data === undefined ? 0 : 1;
        if (seen === 3) subscriber.complete();
      });
    });
}
