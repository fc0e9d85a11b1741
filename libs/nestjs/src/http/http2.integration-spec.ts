import 'reflect-metadata';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Recorder } from '@followspot/core';
import { ObservabilityModule } from '../observability.module.js';
import { CollectingSink } from '../testing/collecting-sink.js';
import { ItemsController } from '../testing/items.controller.js';
import { newMoments, StreamsController } from '../testing/streams.controller.js';

describe('Over HTTP/2', () => {
  const sink = new CollectingSink();
  let app: INestApplication;
  let client: ClientHttp2Session;

  beforeAll(async () => {
    @Module({
      imports: [ObservabilityModule.forRoot({ sampleRate: 1, log: false, sinks: [sink] })],
      controllers: [ItemsController, StreamsController],
    })
    class App {}
    app = await NestFactory.create(App, new FastifyAdapter({ http2: true }), { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  beforeEach(() => {
    newMoments();
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    client = connect(`http://127.0.0.1:${String(port)}`);
    client.on('error', () => {});
  });
  afterAll(async () => {
    client.destroy();
    await app.close();
  });

  const ask = (path: string, traceId: string, method = 'GET'): ClientHttp2Stream =>
    client.request({ ':path': path, ':method': method, 'x-trace-id': traceId }).on('error', () => {});

  it.each([
    ['/items/1', 'GET', 200, 'ok'],
    ['/items/1', 'HEAD', 200, 'ok'],
    ['/items/denied/1', 'GET', 401, 'ok'],
    ['/nothing', 'GET', 404, 'ok'],
    ['/items/broken', 'GET', 500, 'error'],
    ['/complete', 'GET', 200, 'ok'],
  ])('%s by %s carries the trace id and ends as %i, %s', async (path, method, status, outcome) => {
    const traceId = `h2${path.replaceAll('/', '-')}-${method}`;
    const stream = ask(path, traceId, method);
    const [headers] = (await once(stream.resume(), 'response')) as [IncomingHttpHeaders];
    expect(headers).toMatchObject({ ':status': status, 'x-trace-id': traceId });
    expect(await sink.root(traceId)).toMatchObject({ outcome, attributes: { statusCode: status } });
  });

  it.each<[string, (stream: ClientHttp2Stream) => void]>([
    [
      'resets its stream',
      (stream) => {
        stream.close(8);
      },
    ],
    [
      'drops the connection',
      () => {
        client.destroy();
      },
    ],
  ])('a client that %s has left', async (label, leave) => {
    const traceId = label.replaceAll(' ', '-');
    const stream = ask('/endless', traceId);
    await once(stream, 'data');
    leave(stream);
    expect(await sink.stream(traceId)).toMatchObject({ ending: 'client_disconnect', outcome: 'cancelled' });
    expect(await sink.root(traceId)).toMatchObject({ outcome: 'cancelled' });
    expect(app.get(Recorder).openTraceCount).toBe(0);
  });
});
