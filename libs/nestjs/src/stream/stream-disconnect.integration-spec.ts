import 'reflect-metadata';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openStream, rawConnection, send } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { type Moments, newMoments, StreamsController } from '../testing/streams.controller.js';

describe.each(ADAPTERS)('When the client of a stream leaves on %s', (adapter) => {
  let app: RunningApp;
  let moments: Moments;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [StreamsController] });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    moments = newMoments();
  });

  const cancelled = { outcome: 'cancelled', success: true, errorType: undefined };

  it('in the middle, the stream ends as client_disconnect and the request as cancelled', async () => {
    const stream = await openStream(app.port, '/endless', { traceId: 'middle' });
    await stream.seen('data: 2');
    stream.leave();
    expect(await app.sink.stream('middle')).toMatchObject({ ...cancelled, ending: 'client_disconnect' });
    expect(await app.sink.root('middle')).toMatchObject(cancelled);
    expect((await app.sink.stream('middle')).attributes['events']).toBeGreaterThanOrEqual(3);
  });

  it('before the first event, there is no time to the first event', async () => {
    const stream = await openStream(app.port, '/silent', { traceId: 'silent' });
    await moments.passed('subscribed');
    stream.leave();
    expect(await app.sink.stream('silent')).toMatchObject({
      ...cancelled,
      ending: 'client_disconnect',
      attributes: { events: 0 },
    });
    expect((await app.sink.stream('silent')).attributes).not.toHaveProperty('timeToFirstEventMs');
  });

  it('the source is torn down, and its trace id can still be read there', async () => {
    const stream = await openStream(app.port, '/endless', { traceId: 'teardown' });
    await stream.seen('data: 0');
    stream.leave();
    expect(await moments.passed('torn down')).toBe('teardown');
  });

  it.each([
    ['sampled out', { sampleRate: 0, rescue: false }],
    ['not tracked at all', { enabled: false }],
  ])('the trace id can be read in the teardown of a request that is %s', async (_, options) => {
    const other = await startApp(adapter, { controllers: [StreamsController], collects: 'kept', options });
    const stream = await openStream(other.port, '/endless', { traceId: 'unseen' });
    await stream.seen('data: 0');
    stream.leave();
    expect(await moments.passed('torn down')).toBe('unseen');
    expect(other.sink.stages).toEqual([]);
    await other.close();
  });

  it('while the handler still prepares it, the stream ends at once and the handler goes on unharmed', async () => {
    const { request } = await send(app.port, '/preparing', { traceId: 'preparing' });
    await moments.passed('preparing');
    request.destroy();
    expect(await app.sink.stream('preparing')).toMatchObject({
      ...cancelled,
      ending: 'client_disconnect',
      attributes: { events: 0 },
    });
    moments.pass('prepared');
    expect(await moments.passed('handler goes on')).toBe('preparing');
    expect(app.sink.roots('preparing')).toHaveLength(1);
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('while a guard decides, the request is cancelled and there is no stream', async () => {
    const { request } = await send(app.port, '/guarded', { traceId: 'guarded' });
    expect(await moments.passed('guarding')).toBe('guarded');
    request.destroy();
    const root = await app.sink.root('guarded');
    expect(root).toMatchObject({ ...cancelled, stageName: 'GET /guarded', substages: [] });
    moments.pass('let through');
    await new Promise(setImmediate);
    expect(app.sink.roots('guarded')).toHaveLength(1);
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('while its request waits behind another one of the same connection, both end', async () => {
    const socket = await rawConnection(app.port);
    const { promise: allArrived, resolve } = Promise.withResolvers<undefined>();
    let arrived = 0;
    app.server.on('request', () => {
      if ((arrived += 1) === 3) resolve(undefined);
    });
    for (const [path, id] of [
      ['endless', 'ahead'],
      ['silent', 'behind'],
      ['complete', 'last'],
    ]) {
      socket.write(`GET /${path!} HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${id!}\r\n\r\n`);
    }
    await allArrived;
    await moments.passed('subscribed');
    socket.destroy();
    await Promise.all(['ahead', 'behind', 'last'].map((id) => app.sink.root(id)));
    expect(await app.sink.root('ahead')).toMatchObject(cancelled);
    expect(await app.sink.root('behind')).toMatchObject(cancelled);
    expect(await app.sink.root('last')).toMatchObject(cancelled);
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('nothing was counted as an error of the engine, and every request ended once', () => {
    expect(app.tracker.getDropCounts()).toMatchObject({ internalErrors: 0, openTraces: 0 });
    const ids = app.sink.roots().length;
    expect(
      new Set(
        app.sink.stages.filter(({ stage }) => stage.kind === 'request').map(({ trace }) => trace.traceId),
      ).size,
    ).toBe(ids);
  });
});

describe.each(ADAPTERS)('A client that asks 300 times on one connection on %s', (adapter) => {
  it('leaves it with as many listeners as after the first time', async () => {
    const app = await startApp(adapter, { controllers: [StreamsController] });
    const socket = await rawConnection(app.port);
    const onServer = new Promise<Socket>((resolve) => {
      app.server.once('request', (request) => {
        resolve(request.socket);
      });
    });
    const ask = async (traceId: string): Promise<void> => {
      socket.write(`GET /synchronous HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${traceId}\r\n\r\n`);
      await app.sink.root(traceId);
      await new Promise(setImmediate);
    };
    socket.resume();
    await ask('first');
    const connection = await onServer;
    const before = connection.eventNames().map((name) => connection.listenerCount(name));
    for (let index = 0; index < 300; index += 1) await ask(`n${String(index)}`);
    expect(connection.eventNames().map((name) => connection.listenerCount(name))).toEqual(before);
    expect(app.recorder.openTraceCount).toBe(0);
    socket.destroy();
    await app.close();
  });
});
