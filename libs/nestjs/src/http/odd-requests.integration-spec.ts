import 'reflect-metadata';
import { EventEmitter, once } from 'node:events';
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Next, Res, Sse } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { currentStage, ExecutionTracker, Recorder, TrackStage } from '@followspot/core';
import { Registry } from 'prom-client';
import { type Observable, of } from 'rxjs';
import { ObservabilityModule } from '../observability.module.js';
import { CollectingSink } from '../testing/collecting-sink.js';
import { call, openStream, rawExchange } from '../testing/http-client.js';
import { ADAPTERS, RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';

@Controller()
class OddController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @Get('named')
  named(): string {
    this.tracker.setAttribute('handler', 'mine');
    return 'named';
  }

  /** Answers when nobody is there any longer. */
  @Get('late')
  async late(@Res() response: ServerResponse): Promise<void> {
    response.flushHeaders();
    response.write('some');
    await this.waits(response);
    response.statusCode = 418;
    response.end();
  }

  @TrackStage('3.0_WAIT')
  async waits(response: ServerResponse): Promise<void> {
    await once(response, 'close');
  }

  @Get('steps')
  steps(): string {
    for (let step = 0; step < 40; step += 1) this.step(step);
    return 'steps';
  }

  @TrackStage('2.0_STEP')
  step(step: number): void {
    this.tracker.setAttribute(`rows${step}`, step);
  }
}

@Controller('next')
class PassingController {
  @Get()
  passOn(@Next() next: () => void): void {
    next();
  }

  @Sse()
  answer(): Observable<MessageEvent> {
    return of({ data: 'answer' });
  }
}

class OddModule {}

class MailHandler {
  handle(message: unknown): unknown {
    return (message as { raw: string }).raw;
  }
}

let app: RunningApp;
afterEach(() => app.close());

describe.each(ADAPTERS)('On %s', (adapter) => {
  it('a call of something else whose argument has a field "raw" is let through', async () => {
    app = await startApp(adapter, { controllers: [OddController] });
    const handler = new MailHandler();
    const handle = app.nest.get(ExternalContextCreator).create(handler, handler.handle, 'handle');
    expect(await handle({ raw: 'mail' })).toBe('mail');
  });

  it.each([
    ['recorded', 1],
    ['counted', 0],
  ])(
    'however many attributes its %s stages set, a request has its method, route and status',
    async (_, sampleRate) => {
      const metrics = { registry: new Registry() };
      app = await startApp(adapter, {
        controllers: [OddController],
        collects: 'kept',
        options: { sampleRate, rescue: false, metrics },
      });
      expect((await call(app.port, '/steps')).text).toBe('steps');
      const labels = ['method="GET"', 'route="/steps"', 'status_class="2xx"'];
      expect(await new Scraped(app).sum('http_requests_total', ...labels)).toBe(1);
    },
  );
});

describe('On express', () => {
  it.each([
    ['a text', 'text'],
    ['a number', 7],
    ['null', null],
    ['a buffer', Buffer.from('body')],
  ])('what an application puts on a request as "raw" is its own affair: %s', async (_, raw) => {
    app = await startApp('express', {
      controllers: [OddController],
      configure: (nest) =>
        nest.use((request: { raw?: unknown }, _response: unknown, next: () => void) => {
          request.raw = raw;
          next();
        }),
    });
    const { status, text } = await call(app.port, '/plain', { traceId: 'raw' });
    expect([status, text]).toEqual([200, 'plain']);
    expect((await app.sink.root('raw')).attributes['handler']).toBe('OddController.plain');
  });

  it.each<[string, (request: object) => unknown]>([
    ['another object', (request) => Object.create(request) as unknown],
    ['null', () => null],
  ])('what an application puts on a response as "req" is its own affair: %s', async (what, made) => {
    app = await startApp('express', {
      controllers: [OddController],
      configure: (nest) =>
        nest.use((request: object, response: ServerResponse, next: () => void) => {
          response.on('finish', () => Object.assign(response, { req: made(request) }));
          next();
        }),
    });
    const traceId = what.replace(' ', '-');
    const { status, text } = await call(app.port, '/plain', { traceId });
    expect([status, text]).toEqual([200, 'plain']);
    expect(await app.sink.root(traceId)).toMatchObject({ outcome: 'ok', attributes: { statusCode: 200 } });
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('what an application has put on its Express before is in the trace, too', async () => {
    const adapter = new ExpressAdapter();
    let seen: string | undefined;
    adapter.use((_request: unknown, _response: unknown, next: () => void) => {
      seen = currentStage()?.trace.traceId;
      next();
    });
    const controllers = [OddController];
    const module = { module: OddModule, imports: [ObservabilityModule.forRoot({ log: false })], controllers };
    const nest = await NestFactory.create(module, adapter, { logger: false });
    await nest.listen(0, '127.0.0.1');
    app = new RunningApp(nest, new CollectingSink());
    expect((await call(app.port, '/plain', { traceId: 'before' })).text).toBe('plain');
    expect(seen).toBe('before');
  });

  it('an Express that handles requests in another way has the trace from a middleware', async () => {
    const adapter = new ExpressAdapter();
    const instance = adapter.getInstance<{ handle: unknown }>();
    const { handle } = instance;
    Object.defineProperty(instance, 'handle', { get: () => undefined, configurable: true });
    const controllers = [OddController];
    const module = { module: OddModule, imports: [ObservabilityModule.forRoot({ log: false })], controllers };
    const nest = await NestFactory.create(module, adapter, { logger: false });
    await nest.init();
    Object.defineProperty(instance, 'handle', { value: handle });
    await nest.listen(0, '127.0.0.1');
    app = new RunningApp(nest, new CollectingSink());
    const { text, traceId } = await call(app.port, '/plain', { traceId: 'otherwise' });
    expect([text, traceId]).toEqual(['plain', 'otherwise']);
  });

  it('a copy of a response has no part in its trace', async () => {
    app = await startApp('express', {
      controllers: [OddController],
      configure: (nest) =>
        nest.use((_request: unknown, response: ServerResponse, next: () => void) => {
          const copy = Object.assign(new EventEmitter(), response);
          copy.emit('close');
          next();
        }),
    });
    expect((await call(app.port, '/plain', { traceId: 'copy' })).text).toBe('plain');
    expect(await app.sink.root('copy')).toMatchObject({ outcome: 'ok', attributes: { statusCode: 200 } });
  });

  it('a response whose socket an application has taken off it ends its trace with the connection', async () => {
    app = await startApp('express', {
      controllers: [OddController],
      configure: (nest) =>
        nest.use((_request: unknown, response: ServerResponse) => {
          const { socket } = response;
          if (socket === null) return;
          response.detachSocket(socket);
          socket.end('taken');
        }),
    });
    await rawExchange(
      app.port,
      'GET /plain HTTP/1.1\r\nHost: x\r\nX-Trace-ID: taken\r\n\r\n',
      (text) => text === 'taken',
    );
    expect(await app.sink.root('taken')).toMatchObject({ outcome: 'cancelled' });
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('an application that is handed a request with a response of its own does not open another trace', async () => {
    const controllers = [OddController];
    const module = { module: OddModule, imports: [ObservabilityModule.forRoot({ log: false })], controllers };
    const inner = await NestFactory.create(module, new ExpressAdapter(), { logger: false });
    await inner.init();
    const handle = inner.getHttpAdapter().getInstance() as (request: object, response: object) => void;
    app = await startApp('express', {
      configure: (nest) =>
        nest.use('/in', (request: object, response: object) => {
          const get = (target: object, key: PropertyKey): unknown => {
            const value: unknown = Reflect.get(target, key);
            return typeof value === 'function' ? value.bind(target) : value;
          };
          handle(request, new Proxy(response, { get }));
        }),
    });
    expect(await call(app.port, '/in/plain', { traceId: 'in' })).toMatchObject({
      text: 'plain',
      traceId: 'in',
    });
    expect(await app.sink.root('in')).toMatchObject({ outcome: 'ok', attributes: { statusCode: 200 } });
    expect(inner.get(Recorder).openTraceCount).toBe(0);
    await inner.close();
  });

  it('the name that an application gives its handler stays', async () => {
    app = await startApp('express', { controllers: [OddController] });
    expect((await call(app.port, '/named', { traceId: 'named' })).text).toBe('named');
    expect((await app.sink.root('named')).attributes).toMatchObject({ handler: 'mine', statusCode: 200 });
    await call(app.port, '/plain', { traceId: 'not-named' });
    expect((await app.sink.root('not-named')).attributes['handler']).toBe('OddController.plain');
  });

  it('a status that is set when the client has left is none that it got', async () => {
    app = await startApp('express', { controllers: [OddController] });
    const stream = await openStream(app.port, '/late', { traceId: 'late' });
    stream.leave();
    const root = await app.sink.root('late');
    expect(root).toMatchObject({ outcome: 'cancelled', stageName: 'GET /late' });
    expect(root.attributes['statusCode']).toBe(200);
  });

  it('a stream that a handler passes on to is followed, and named', async () => {
    app = await startApp('express', { controllers: [PassingController] });
    expect((await call(app.port, '/next', { traceId: 'next' })).text).toContain('data: answer');
    expect(await app.sink.stream('next')).toMatchObject({ ending: 'completed' });
    expect((await app.sink.root('next')).attributes['handler']).toBe('PassingController.answer');
  });

  it('a response that the application has made by itself, for an upgrade, ends its trace', async () => {
    app = await startApp('express', { controllers: [OddController] });
    const express = app.nest.getHttpAdapter().getInstance() as (request: unknown, response: unknown) => void;
    app.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      response.on('finish', () => socket.end());
      express(request, response);
    });
    await rawExchange(
      app.port,
      'GET /plain HTTP/1.1\r\nHost: x\r\nX-Trace-ID: upgrade\r\nConnection: Upgrade\r\nUpgrade: odd\r\n\r\n',
      (text) => text.endsWith('plain'),
    );
    expect(await app.sink.root('upgrade')).toMatchObject({ outcome: 'ok', attributes: { statusCode: 200 } });
    expect(app.recorder.openTraceCount).toBe(0);
  });
});
