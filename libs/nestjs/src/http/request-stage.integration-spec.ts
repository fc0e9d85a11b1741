import 'reflect-metadata';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  Param,
  Post,
  Res,
  StreamableFile,
  VersioningType,
} from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { call, type CallOptions, rawConnection, send } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let slowRequests = Promise.withResolvers<undefined>();

@Controller('slow')
class SlowController {
  @Get()
  slow(): Promise<string> {
    slowRequests.resolve(undefined);
    return new Promise(() => {});
  }

  @Get('half')
  half(@Res() response: ServerResponse & { raw?: ServerResponse }): void {
    (response.raw ?? response).write('half');
  }

  @Get('broken-off/:how')
  brokenOff(@Param('how') how: string, @Res() given: ServerResponse & { raw?: ServerResponse }): void {
    const response = given.raw ?? given;
    response.write('half', () => {
      if (how === 'by-error')
        response.destroy(Object.assign(new Error('upstream broke'), { code: 'EUPSTREAM' }));
      else response.destroy();
    });
  }

  @Get('file')
  file(): StreamableFile {
    let chunks = 0;
    const source = new Readable({
      read(): void {
        chunks += 1;
        if (chunks === 1) this.push('abc');
        else this.destroy(new Error('the disk broke'));
      },
    });
    return new StreamableFile(source);
  }

  @Get('download')
  download(): StreamableFile {
    return new StreamableFile(
      new Readable({
        read(): void {
          this.push(Buffer.alloc(65_536));
        },
      }),
    );
  }

  @Post()
  upload(): string {
    return 'done';
  }
}

/** A middleware on every path, as nestjs-pino mounts one: Express takes it for the route of what matches nothing. */
@Module({})
class EverywhereModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((_: unknown, __: unknown, next: () => void) => {
        next();
      })
      .forRoutes('{*splat}');
  }
}

const json = { 'content-type': 'application/json' };

describe.each(ADAPTERS)('The request stage on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, {
      controllers: [ItemsController, SlowController],
      imports: [EverywhereModule],
    });
  });
  afterAll(() => app.close());

  const rows: [string, CallOptions, object][] = [
    [
      '/items/7',
      {},
      { name: 'GET /items/:id', handler: 'ItemsController.find', statusCode: 200, outcome: 'ok' },
    ],
    [
      '/items/7?a=b',
      {},
      { name: 'GET /items/:id', handler: 'ItemsController.find', statusCode: 200, outcome: 'ok' },
    ],
    [
      '/items/7',
      { method: 'HEAD' },
      { name: 'HEAD /items/:id', handler: 'ItemsController.find', statusCode: 200, outcome: 'ok' },
    ],
    [
      '/items/7',
      { method: 'DELETE' },
      { name: 'DELETE /items/:id', handler: 'ItemsController.remove', statusCode: 204, outcome: 'ok' },
    ],
    [
      '/items',
      { method: 'POST', body: '{}', headers: json },
      { name: 'POST /items', handler: 'ItemsController.create', statusCode: 201, outcome: 'ok' },
    ],
    [
      '/items/number/x',
      {},
      { name: 'GET /items/number/:id', handler: 'ItemsController.number', statusCode: 400, outcome: 'ok' },
    ],
    [
      '/items/denied/7',
      {},
      { name: 'GET /items/denied/:id', handler: undefined, statusCode: 401, outcome: 'ok' },
    ],
    [
      '/items/broken',
      {},
      { name: 'GET /items/broken', handler: 'ItemsController.broken', statusCode: 500, outcome: 'error' },
    ],
    ['/nothing/here', {}, { name: 'GET unmatched', handler: undefined, statusCode: 404, outcome: 'ok' }],
    [
      '/items/7',
      { method: 'PATCH' },
      { name: 'PATCH unmatched', handler: undefined, statusCode: 404, outcome: 'ok' },
    ],
    [
      '/items/7',
      { method: 'PROPFIND' },
      { name: '_OTHER unmatched', handler: undefined, statusCode: 404, outcome: 'ok' },
    ],
  ];

  it.each(rows)(
    'of %s %j tells name, route, handler, status and outcome',
    async (path, options, expected) => {
      const { name, handler, statusCode, outcome } = expected as Record<string, unknown>;
      const [method, route] = (name as string).split(' ');
      const traceId = `row-${String(rows.findIndex((row) => row[2] === expected))}`;
      await call(app.port, path, { ...options, traceId });
      const root = await app.sink.root(traceId);
      expect(root).toMatchObject({ stageId: 'HTTP.1_REQUEST', kind: 'request', stageName: name, outcome });
      expect(root.attributes).toEqual({
        method,
        route,
        statusCode,
        ...(handler !== undefined && { handler }),
      });
      expect(root.success).toBe(outcome !== 'error');
      const told = app.sink.stages.filter(({ trace }) => trace.traceId === traceId);
      expect(new Set(told.map(({ trace }) => trace.route))).toEqual(new Set([route]));
      expect(told.some(({ trace }) => trace.isAborted)).toBe(false);
    },
  );

  it('of a 500 names the status as the error, and nothing of what was thrown', async () => {
    await call(app.port, '/items/broken', { traceId: 'broken' });
    expect(await app.sink.root('broken')).toMatchObject({
      errorType: 'HTTP 500',
      errorMessage: 'Internal Server Error',
    });
  });

  it('holds the stages of the handler', async () => {
    await call(app.port, '/items/7', { traceId: 'tree' });
    const { substages, durationMs, selfTimeMs } = await app.sink.root('tree');
    expect(substages.map(({ stageId, stageName }) => [stageId, stageName])).toEqual([['1.0_FIND', 'Find']]);
    expect(selfTimeMs).toBeLessThanOrEqual(durationMs);
  });

  it('of a client that left before the answer is cancelled, which is no error', async () => {
    slowRequests = Promise.withResolvers();
    const { request } = await send(app.port, '/slow', { traceId: 'left' });
    await slowRequests.promise;
    expect(app.tracker.getExecutionSummary('left')).toMatchObject({
      running: true,
      stages: [{ attributes: { handler: 'SlowController.slow' } }],
    });
    request.destroy();
    expect(await app.sink.root('left')).toMatchObject({
      stageName: 'GET /slow',
      outcome: 'cancelled',
      success: true,
    });
    expect(app.tracker.getExecutionSummary('left')).toMatchObject({ outcome: 'cancelled', running: false });
  });

  it('of a client that left in the middle of the answer is cancelled', async () => {
    const { request, response } = await send(app.port, '/slow/half', { traceId: 'half' });
    await response;
    request.destroy();
    expect(await app.sink.root('half')).toMatchObject({ outcome: 'cancelled' });
  });

  it.each(['while it reads', 'without having read'])(
    'of a client that left in the middle of a download is cancelled: %s',
    async (when) => {
      const traceId = when.replaceAll(' ', '-');
      const { request, response } = await send(app.port, '/slow/download', { traceId });
      const answer = await response;
      if (when === 'while it reads') await once(answer, 'data');
      request.destroy();
      expect(await app.sink.root(traceId)).toMatchObject({ outcome: 'cancelled' });
    },
  );

  it.each([
    ['/slow/broken-off/by-error', { errorType: 'Error', errorMessage: 'upstream broke' }],
    ['/slow/broken-off/by-nothing', { errorType: 'AnswerBrokenOff' }],
    ['/slow/file', { errorType: 'AnswerBrokenOff' }],
  ])('of an answer that the application broke off is an error: %s', async (path, error) => {
    await expect(call(app.port, path, { traceId: path.slice(1).replaceAll('/', '-') })).rejects.toThrow(
      /aborted|hang up/,
    );
    const root = await app.sink.root(path.slice(1).replaceAll('/', '-'));
    expect(root).toMatchObject({ outcome: 'error', ...error });
  });

  it('of a client that left in the middle of its upload is cancelled', async () => {
    const socket = await rawConnection(app.port);
    const opened = once(app.server, 'request');
    socket.write(
      'POST /slow HTTP/1.1\r\nHost: a\r\nX-Trace-ID: upload\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
    );
    await opened;
    socket.destroy();
    expect(await app.sink.root('upload')).toMatchObject({ outcome: 'cancelled' });
  });

  it('is one for each request, and none stays open', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `many-${String(index)}`);
    const paths = ['/items/1', '/items/broken', '/items/denied/1', '/nothing'];
    await Promise.all(ids.map((traceId, index) => call(app.port, paths[index % 4]!, { traceId })));
    await Promise.all(ids.map((id) => app.sink.root(id)));
    for (const id of ids) expect(app.sink.roots(id)).toHaveLength(1);
    expect(app.recorder.openTraceCount).toBe(0);
    expect(app.tracker.getDropCounts()).toMatchObject({ lateStages: 0, internalErrors: 0, openTraces: 0 });
  });
});

describe.each(ADAPTERS)('The route on %s', (adapter) => {
  it.each<[string, (app: INestApplication) => void, string, string]>([
    ['has the global prefix', (app) => app.setGlobalPrefix('api'), '/api/items/7', '/api/items/:id'],
    [
      'has the version of the path',
      (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      '/v1/items/7',
      '/v1/items/:id',
    ],
    [
      'is the same for every version of a header',
      (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'v', defaultVersion: '1' }),
      '/items/7',
      '/items/:id',
    ],
  ])('%s', async (_, configure, path, route) => {
    const app = await startApp(adapter, { controllers: [ItemsController], configure });
    await call(app.port, path, { traceId: 'route', headers: { v: '1' } });
    await call(app.port, '/outside', { traceId: 'outside' });
    expect((await app.sink.root('route')).attributes).toMatchObject({ route, statusCode: 200 });
    expect((await app.sink.root('outside')).attributes).toMatchObject({
      route: 'unmatched',
      statusCode: 404,
    });
    await app.close();
  });

  it('may be a wildcard, whose handler was found', async () => {
    @Controller('files')
    class FilesController {
      @Get(adapter === 'express' ? '*path' : '*')
      file(): string {
        return 'a file';
      }
    }
    const app = await startApp(adapter, { controllers: [FilesController] });
    await call(app.port, '/files/a/b', { traceId: 'wild' });
    const route = adapter === 'express' ? '/files/*path' : '/files/*';
    expect(await app.sink.root('wild')).toMatchObject({ stageName: `GET ${route}`, attributes: { route } });
    await app.close();
  });
});
