import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Sse, VersioningType } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RequestMethod } from '@nestjs/common';
import { type Observable, of } from 'rxjs';
import { Recorder } from '@followspot/core';
import { call, type CallOptions } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, createApp, type RunningApp, startApp } from '../testing/running-app.js';
import { ObservabilityModule } from '../observability.module.js';

@Controller('streams')
class StreamsController {
  @Sse('short')
  short(): Observable<object> {
    return of({ data: 'a' });
  }

  @Sse('posted', { method: RequestMethod.POST })
  posted(): Observable<object> {
    return of({ data: 'a' });
  }
}

const json = { 'content-type': 'application/json' };

/** What a request gets whose path lies under `prefix`. */
function answersUnder(prefix: string): [label: string, status: number, path: string, options: CallOptions][] {
  return [
    ['a 200', 200, `${prefix}/items/1`, {}],
    ['a 201', 201, `${prefix}/items`, { method: 'POST', body: '{}', headers: json }],
    ['a 204', 204, `${prefix}/items/none`, {}],
    ['a 304', 304, `${prefix}/items/unchanged`, {}],
    ['a 400 of a pipe', 400, `${prefix}/items/number/x`, {}],
    ['a 400 of a handler', 400, `${prefix}/items/refused`, {}],
    ['a 400 for malformed JSON', 400, `${prefix}/items`, { method: 'POST', body: '{"a":', headers: json }],
    ['a 401 of a guard', 401, `${prefix}/items/denied/1`, {}],
    ['a 404', 404, `${prefix}/nothing`, {}],
    ['a 404 for the wrong method', 404, `${prefix}/items/1`, { method: 'PATCH' }],
    ['a 413', 413, `${prefix}/items`, { method: 'POST', body: `"${'x'.repeat(2_000_000)}"`, headers: json }],
    ['a 500', 500, `${prefix}/items/broken`, {}],
    ['a stream', 200, `${prefix}/streams/short`, {}],
    ['a stream by POST', 201, `${prefix}/streams/posted`, { method: 'POST' }],
    ['HEAD', 200, `${prefix}/items/1`, { method: 'HEAD' }],
    ['HEAD on a stream', 200, `${prefix}/streams/short`, { method: 'HEAD' }],
    ['HEAD on nothing', 404, `${prefix}/nothing`, { method: 'HEAD' }],
  ];
}

const preflight: CallOptions = {
  method: 'OPTIONS',
  headers: { origin: 'http://a.test', 'access-control-request-method': 'POST' },
};

describe.each(ADAPTERS)('On %s', (adapter) => {
  describe.each<[string, string, (app: INestApplication) => void]>([
    ['without a prefix', '', () => {}],
    ['under a global prefix', '/api', (app) => app.setGlobalPrefix('api')],
    [
      'with versions in the path',
      '/v1',
      (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    ],
  ])('%s', (_, prefix, configure) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await startApp(adapter, { controllers: [ItemsController, StreamsController], configure });
    });
    afterAll(() => app.close());

    it.each(answersUnder(prefix))('%s (%i) carries the trace id', async (label, status, path, options) => {
      const traceId = label.replaceAll(' ', '-');
      const answer = await call(app.port, path, { ...options, traceId });
      expect(answer.status).toBe(status);
      expect(answer.traceId).toBe(traceId);
      expect(await app.sink.root(traceId)).toMatchObject({ attributes: { statusCode: status } });
      expect(app.recorder.openTraceCount).toBe(0);
    });

    it.each(['/elsewhere', '/', '/api', '/apix', '/v2/items/1'])(
      'the 404 of %s carries an id',
      async (path) => {
        const answer = await call(app.port, path);
        expect(answer.status).toBe(404);
        expect(answer.traceId).toMatch(/^[0-9a-f]{32}$/);
      },
    );
  });

  it('a CORS preflight carries the trace id', async () => {
    const app = await startApp(adapter, {
      controllers: [ItemsController],
      configure: (nest) => {
        nest.enableCors();
      },
    });
    const answer = await call(app.port, '/items', { ...preflight, traceId: 'preflight' });
    expect(answer).toMatchObject({ status: 204, traceId: 'preflight' });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    await app.close();
  });

  it('OPTIONS without CORS carries the trace id', async () => {
    const app = await startApp(adapter, { controllers: [ItemsController] });
    expect((await call(app.port, '/items/1', { ...preflight, traceId: 'options' })).traceId).toBe('options');
    await app.close();
  });

  it('a request that is refused as cross-site carries the trace id', async () => {
    const configure = (nest: INestApplication): unknown =>
      (nest as { enableCsrfProtection?: () => unknown }).enableCsrfProtection?.();
    const app = await startApp(adapter, { controllers: [ItemsController], configure });
    const headers = { 'sec-fetch-site': 'cross-site', ...json };
    const answer = await call(app.port, '/items', { method: 'POST', headers, body: '{}', traceId: 'csrf' });
    expect(answer).toMatchObject({ status: 403, traceId: 'csrf' });
    await app.close();
  });

  it('malformed percent-encoding gets a 400 that carries the trace id', async () => {
    const app = await startApp(adapter, { controllers: [ItemsController] });
    expect(await call(app.port, '/%E0%A4%A', { traceId: 'percent' })).toMatchObject({ traceId: 'percent' });
    expect(await call(app.port, '/items/%E0%A4%A', { traceId: 'percent2' })).toMatchObject({
      status: 400,
      traceId: 'percent2',
    });
    await app.close();
  });

  it('the answer carries the trace id when tracking is off, and nothing is recorded', async () => {
    const app = await startApp(adapter, { controllers: [ItemsController], options: { enabled: false } });
    const answer = await call(app.port, '/items/1', { traceId: 'off' });
    expect(JSON.parse(answer.text)).toEqual({ id: '1', traceId: 'off' });
    expect(answer.traceId).toBe('off');
    expect(app.sink.stages).toEqual([]);
    expect(app.tracker.getExecutionSummary('off')).toBeUndefined();
    await app.close();
  });

  it('there is an id without listening, when the application is called by another server', async () => {
    const nest = await createApp(adapter, {
      module: class {},
      imports: [ObservabilityModule.forRoot()],
      controllers: [ItemsController],
    });
    await nest.init();
    const recorder = nest.get(Recorder);
    if (adapter === 'fastify') {
      const answer = await (nest as NestFastifyApplication).inject({
        url: '/items/1',
        headers: { 'x-trace-id': 'injected' },
      });
      expect(answer.headers['x-trace-id']).toBe('injected');
      expect(answer.json()).toEqual({ id: '1', traceId: 'injected' });
    } else {
      const { createServer } = await import('node:http');
      const server = createServer(nest.getHttpAdapter().getInstance() as () => void).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const answer = await call((server.address() as { port: number }).port, '/items/1', {
        traceId: 'injected',
      });
      expect(JSON.parse(answer.text)).toEqual({ id: '1', traceId: 'injected' });
      expect(answer.traceId).toBe('injected');
      server.close();
    }
    expect(recorder.openTraceCount).toBe(0);
    await nest.close();
  });
});
