import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ConflictException,
  Controller,
  Get,
  Inject,
  type MessageEvent,
  Req,
  Res,
  Sse,
  UseInterceptors,
} from '@nestjs/common';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { lastValueFrom, map, type Observable, of, Subject, take, timer } from 'rxjs';
import { ExecutionTracker } from '@followspot/core';
import { call } from '../testing/http-client.js';
import { ADAPTERS, createApp, type RunningApp, startApp } from '../testing/running-app.js';
import { newMoments, StreamsController } from '../testing/streams.controller.js';
import { followHandlers } from './handler-seam.js';
import { TraceIdInterceptor } from './trace-id.interceptor.js';

@Controller('own')
class OwnController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('trace-id')
  traceId(): object {
    return { traceId: this.tracker.traceId };
  }

  @Get('later')
  later(): Observable<object> {
    return timer(1).pipe(map(() => ({ traceId: this.tracker.traceId })));
  }

  @Sse('twice')
  @UseInterceptors(TraceIdInterceptor)
  twice(): Observable<MessageEvent> {
    return timer(0, 1).pipe(
      take(3),
      map((n) => ({ data: String(n) })),
    );
  }

  @Sse('none')
  none(): Observable<MessageEvent> {
    return 'no stream' as never;
  }
}

class BareModule {}

/** What somebody else may have put in the place of Nest's. */
class OthersConsumer {
  readonly called: unknown[] = [];

  async intercept(
    interceptors: unknown,
    _args: unknown,
    _instance: unknown,
    _handler: unknown,
    next: () => Promise<unknown>,
    _type: unknown,
  ): Promise<unknown> {
    this.called.push(interceptors);
    return next();
  }
}

const others = new OthersConsumer();

/** Neither async nor careful. */
class PlainConsumer {
  intercept(
    _interceptors: unknown,
    _args: unknown,
    _instance: unknown,
    _handler: unknown,
    next: () => unknown,
    _type: unknown,
  ): unknown {
    return next();
  }
}

const plain = new PlainConsumer();

@Controller('others')
class OthersController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('plain')
  plain(@Req() request: object, @Res({ passthrough: true }) response: object): unknown {
    const { prototype } = OthersController;
    return plain.intercept([], [request, response], this, prototype.plain, () => 'plain', 'http');
  }

  @Get('stream')
  async stream(@Req() request: object, @Res({ passthrough: true }) response: object): Promise<string> {
    const call = (next: () => unknown): unknown =>
      plain.intercept(
        [],
        [request, response],
        new OwnController(this.tracker),
        OwnController.prototype.twice,
        next,
        'http',
      );
    const stream = (await call(() => of({ data: 'plain' }))) as Observable<MessageEvent>;
    return (await lastValueFrom(stream)).data as string;
  }

  @Get('throws')
  throws(@Req() request: object, @Res({ passthrough: true }) response: object): unknown {
    const fail = (): never => {
      throw new ConflictException();
    };
    const { twice } = OwnController.prototype;
    return plain.intercept([], [request, response], new OwnController(this.tracker), twice, fail, 'http');
  }

  @Get()
  answer(@Req() request: object, @Res({ passthrough: true }) response: object): Promise<unknown> {
    const { prototype } = OthersController;
    return others.intercept(
      [],
      [request, response],
      this,
      prototype.answer,
      () => Promise.resolve('theirs'),
      'http',
    );
  }
}

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  let bare: { readonly port: number; close(): Promise<void> };

  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [OwnController, OthersController, StreamsController] });
    const nest = await createApp(adapter, { module: BareModule, controllers: [StreamsController] });
    await nest.listen(0, '127.0.0.1');
    const { port } = (nest.getHttpServer() as Server).address() as AddressInfo;
    bare = { port, close: () => nest.close() };
  });
  afterAll(async () => {
    await app.close();
    await bare.close();
  });

  it.each(['complete', 'empty', 'promised', 'fails', 'fails-at-once', 'rejects', 'throws', 'refuses'])(
    'the client of /%s gets what it gets without the module',
    async (path) => {
      newMoments();
      const expected = await call(bare.port, `/${path}`);
      newMoments();
      const answer = await call(app.port, `/${path}`);
      expect([answer.status, answer.text]).toEqual([expected.status, expected.text]);
    },
  );

  it('a handler of a stream that returns no Observable is refused by Nest, and has failed', async () => {
    expect((await call(app.port, '/own/none', { traceId: 'none' })).status).toBe(500);
    expect(await app.sink.stream('none')).toMatchObject({
      ending: 'server_error',
      errorMessage: 'the handler of a stream returned no Observable',
    });
  });

  it('an interceptor of ours in the application follows nothing twice', async () => {
    await call(app.port, '/own/twice', { traceId: 'twice' });
    expect((await app.sink.stream('twice')).attributes).toMatchObject({ events: 3 });
    expect((await app.sink.root('twice')).substages).toHaveLength(1);
  });

  it("what is not Nest's own is called also where there is no interceptor", async () => {
    expect(followHandlers({ interceptorsConsumer: others })).toBe(true);
    others.called.length = 0;
    expect((await call(app.port, '/others')).text).toBe('theirs');
    expect(others.called).toEqual([[]]);
  });

  it("what is not Nest's own need not return a promise, and may throw", async () => {
    expect(followHandlers({ interceptorsConsumer: plain })).toBe(true);
    expect((await call(app.port, '/others/plain')).text).toBe('plain');
    expect((await call(app.port, '/others/stream', { traceId: 'plain-stream' })).text).toBe('plain');
    expect(await app.sink.stream('plain-stream')).toMatchObject({ ending: 'completed', outcome: 'ok' });
    expect((await call(app.port, '/others/throws', { traceId: 'plain-throws' })).status).toBe(409);
    expect(await app.sink.stream('plain-throws')).toMatchObject({ outcome: 'error', ending: undefined });
  });

  it('no interceptor is added to the handlers', async () => {
    const counts: number[] = [];
    const { prototype } = InterceptorsConsumer;
    const { intercept } = prototype;
    prototype.intercept = function counted(...args) {
      counts.push(args[0].length);
      return intercept.apply(this, args);
    };
    await call(app.port, '/own/trace-id');
    await call(app.port, '/complete');
    prototype.intercept = intercept;
    expect(counts).toEqual([0, 0]);
  });
});

describe.each(ADAPTERS)('On %s what has lost its context on the way', (adapter) => {
  let app: RunningApp;
  const lost = new Subject<() => void>();

  beforeAll(async () => {
    lost.subscribe((next) => {
      next();
    });
    app = await startApp(adapter, {
      controllers: [OwnController],
      configure: (nest) => {
        const queue: (() => void)[] = [];
        // A pool whose timer was made outside every request.
        setInterval(() => queue.splice(0).forEach((next) => lost.next(next)), 1).unref();
        nest.use((_request: unknown, _response: unknown, next: () => void) => queue.push(next));
      },
    });
  });
  afterAll(() => app.close());

  it.each(['trace-id', 'later'])('has it again in the handler of /own/%s', async (path) => {
    const { text } = await call(app.port, `/own/${path}`, { traceId: `lost-${path}` });
    expect(JSON.parse(text)).toEqual({ traceId: `lost-${path}` });
  });
});

describe('The place where Nest calls handlers', () => {
  it('is found in what Nest injects, and entered once', () => {
    const creator = { interceptorsConsumer: new InterceptorsConsumer() };
    expect(followHandlers(creator)).toBe(true);
    const { intercept } = InterceptorsConsumer.prototype;
    expect(followHandlers(creator)).toBe(true);
    expect(InterceptorsConsumer.prototype.intercept).toBe(intercept);
  });

  it.each([
    ['is gone', {}],
    ['is something else', { interceptorsConsumer: 'moved' }],
    ['is an object without a class', { interceptorsConsumer: Object.create(null) as object }],
    ['has no method', { interceptorsConsumer: {} }],
    [
      'takes other arguments',
      {
        interceptorsConsumer: new (class {
          intercept(_context: unknown): void {}
        })(),
      },
    ],
    ['is nothing at all', undefined],
  ])('is not taken for found where it %s', (_what, creator) => {
    expect(followHandlers(creator)).toBe(false);
  });
});
