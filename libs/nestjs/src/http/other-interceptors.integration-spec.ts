import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type MessageEvent,
  type NestInterceptor,
  Sse,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { concat, map, type Observable, of, retry, take, throwError, timer } from 'rxjs';
import { ExecutionTracker, TrackStage } from '@followspot/core';
import { ObservabilityModule } from '../observability.module.js';
import { call } from '../testing/http-client.js';
import { ADAPTERS, type AppUnderTest, createApp, type RunningApp, startApp } from '../testing/running-app.js';

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(map((value: { data?: unknown }) => ({ data: { wrapped: value.data ?? value } })));
  }
}

@Injectable()
class Cached implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of({ data: 'from the cache' });
  }
}

@Injectable()
class FirstTwo implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(take(2));
  }
}

@Injectable()
class Retrying implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(2));
  }
}

let attempts = 0;

@Controller()
class AnswersController {
  @Get('json')
  @TrackStage('WORK')
  json(): object {
    return { a: 1 };
  }

  @Sse('stream')
  @TrackStage('WORK')
  stream(): Observable<MessageEvent> {
    return timer(0, 1).pipe(
      take(3),
      map((n) => ({ data: String(n) })),
    );
  }

  @Sse('flaky')
  flaky(): Observable<MessageEvent> {
    attempts += 1;
    return attempts < 3 ? throwError(() => new Error('flaky')) : concat(of({ data: 'at last' }));
  }
}

/** Nest runs the global interceptors of the root module before those of the modules that it imports. */
const outside = (interceptor: Type<NestInterceptor>): AppUnderTest => ({
  controllers: [AnswersController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: interceptor }],
});
const inside = (interceptor: Type<NestInterceptor>): AppUnderTest => ({
  controllers: [AnswersController],
  configure: (app: INestApplication) => app.useGlobalInterceptors(new interceptor()),
});

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  afterEach(() => app.close());

  describe.each([
    ['of the application', inside],
    ['of its root module', outside],
  ])('a global interceptor %s', (_place, around) => {
    it('may wrap every answer', async () => {
      app = await startApp(adapter, around(Envelope));
      expect((await call(app.port, '/json', { traceId: 'json' })).text).toBe('{"data":{"wrapped":{"a":1}}}');
      expect((await call(app.port, '/stream', { traceId: 'stream' })).text).toContain(
        'data: {"wrapped":"2"}',
      );
      expect(await app.sink.root('json')).toMatchObject({
        outcome: 'ok',
        substages: [{ stageId: 'WORK', outcome: 'ok' }],
      });
      expect(await app.sink.stream('stream')).toMatchObject({
        ending: 'completed',
        substages: [{ stageId: 'WORK' }],
      });
    });

    it('may answer from its cache and never call the handler', async () => {
      app = await startApp(adapter, around(Cached));
      expect((await call(app.port, '/json', { traceId: 'json' })).text).toBe('{"data":"from the cache"}');
      expect((await call(app.port, '/stream', { traceId: 'stream' })).text).toContain('data: from the cache');
      expect(await app.sink.root('json')).toMatchObject({
        stageName: 'GET /json',
        outcome: 'ok',
        substages: [],
      });
      expect(await app.sink.root('stream')).toMatchObject({ stageName: 'GET /stream', outcome: 'ok' });
      expect((await app.sink.root('json')).attributes['handler']).toBe('AnswersController.json');
      expect((await app.sink.root('stream')).substages).toHaveLength(1);
      expect(app.recorder.openTraceCount).toBe(0);
    });

    it('may have enough of a stream, which has then completed', async () => {
      app = await startApp(adapter, around(FirstTwo));
      expect((await call(app.port, '/stream', { traceId: 'two' })).text).not.toContain('data: 2');
      expect(await app.sink.stream('two')).toMatchObject({
        ending: 'completed',
        outcome: 'ok',
        attributes: { events: 2 },
      });
    });

    it('may try again: what counts is how it ended', async () => {
      attempts = 0;
      app = await startApp(adapter, around(Retrying));
      expect((await call(app.port, '/flaky', { traceId: 'flaky' })).text).toContain('data: at last');
      expect(attempts).toBe(3);
      expect(await app.sink.stream('flaky')).toMatchObject({
        ending: 'completed',
        attributes: { events: 1 },
      });
      expect(await app.sink.root('flaky')).toMatchObject({ outcome: 'ok' });
    });
  });

  it('two applications in one process share nothing', async () => {
    app = await startApp(adapter, inside(Envelope));
    const other = await startApp(adapter, { ...inside(FirstTwo), options: { sampleRate: 0 } });
    await Promise.all([app, other].map(({ port }) => call(port, '/json', { traceId: 'same' })));
    expect(app.sink.roots('same')).toHaveLength(1);
    expect(other.sink.roots('same')).toHaveLength(1);
    expect(app.tracker.getExecutionSummary('same')).toMatchObject({ keptBecause: 'sampled' });
    expect(other.tracker.getExecutionSummary('same')).toBeUndefined();
    await other.close();
    expect((await call(app.port, '/json', { traceId: 'alive' })).status).toBe(200);
    expect(app.sink.roots('alive')).toHaveLength(1);
  });

  it('an application inside another one, on the same server, is in the trace of the outer one', async () => {
    const inner = await createApp('express', {
      module: class {},
      imports: [ObservabilityModule.forRoot({ sampleRate: 1 })],
      controllers: [AnswersController],
    });
    await inner.init();
    const mount = (nest: INestApplication): void => {
      const handler = inner.getHttpAdapter().getInstance() as (...args: unknown[]) => void;
      nest.use((request: unknown, response: unknown) => {
        handler(request, response);
      });
    };
    app = await startApp('express', { configure: mount });
    expect(await call(app.port, '/json', { traceId: 'nested' })).toMatchObject({
      text: '{"a":1}',
      traceId: 'nested',
    });
    expect(await app.sink.root('nested')).toMatchObject({
      stageName: 'GET /json',
      substages: [{ stageId: 'WORK' }],
    });
    expect(inner.get(ExecutionTracker).getExecutionSummary('nested')).toBeUndefined();
    await inner.close();
  });

  it('an application is made again and again by a testing module', async () => {
    app = await startApp(adapter, inside(Envelope));
    for (const round of ['first', 'second']) {
      const testing = await Test.createTestingModule({
        imports: [ObservabilityModule.forRoot({ sampleRate: 1, log: false })],
        controllers: [AnswersController],
      }).compile();
      const nest = testing.createNestApplication(...(await adapterArguments(adapter)));
      await nest.listen(0, '127.0.0.1');
      const { port } = (nest.getHttpServer() as Server).address() as AddressInfo;
      expect(await call(port, '/json', { traceId: round })).toMatchObject({ status: 200, traceId: round });
      expect(await call(port, '/nothing', { traceId: `${round}-404` })).toMatchObject({
        status: 404,
        traceId: `${round}-404`,
      });
      expect(nest.get(ExecutionTracker).getExecutionSummary(round)).toMatchObject({ stageCount: 2 });
      await nest.close();
    }
  });
});

async function adapterArguments(
  adapter: string,
): Promise<Parameters<TestingModule['createNestApplication']>> {
  const options = { logger: false, forceCloseConnections: true } as const;
  if (adapter === 'express') return [options] as never;
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return [new FastifyAdapter(), options] as never;
}
