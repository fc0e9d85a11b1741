import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExternalContextCreator } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { lastValueFrom, of } from 'rxjs';
import { call } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { newMoments, StreamsController } from '../testing/streams.controller.js';
import { TraceIdInterceptor } from './trace-id.interceptor.js';

const fromContainer = ExternalContextCreator.fromContainer.bind(ExternalContextCreator);

// Every application of this file runs on a Nest in which the place where handlers are called cannot be found.
beforeAll(() => {
  ExternalContextCreator.fromContainer = (container) =>
    Object.assign(fromContainer(container), { interceptorsConsumer: undefined });
});
afterAll(() => {
  ExternalContextCreator.fromContainer = fromContainer;
});

describe.each(ADAPTERS)('On %s, where only an interceptor can follow handlers,', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [ItemsController, StreamsController] });
  });
  afterAll(() => app.close());

  it('a request has route and handler', async () => {
    expect((await call(app.port, '/items/7', { traceId: 'item' })).status).toBe(200);
    expect((await app.sink.root('item')).attributes).toMatchObject({
      route: '/items/:id',
      handler: expect.stringMatching(/^ItemsController\./),
    });
  });

  it.each([
    ['complete', 200, 'completed', 3],
    ['fails', 200, 'server_error', 1],
    ['throws', 500, 'server_error', 0],
    // What an interceptor does to a handler that rejects late: Nest has sent the headers by then.
    ['rejects', 200, 'server_error', 0],
    ['refuses', 404, undefined, undefined],
  ])('the stream of /%s has its stage', async (path, status, ending, events) => {
    newMoments();
    expect((await call(app.port, `/${path}`, { traceId: path })).status).toBe(status);
    const { attributes, ending: found } = await app.sink.stream(path);
    expect([found, attributes['events']]).toEqual([ending, events]);
    expect(await app.sink.root(path)).toMatchObject({ substages: [{ stageId: 'HTTP.2_STREAM' }] });
  });

  it.each([[[{ job: 1 }]], [[]]])('a call of something else with %j is let through', async (args) => {
    const context = new ExecutionContextHost(args, ItemsController, () => {});
    const handled = new TraceIdInterceptor().intercept(context, { handle: () => of('done') });
    expect(await lastValueFrom(handled)).toBe('done');
  });

  it('what was sent is counted', async () => {
    const { text } = await call(app.port, '/complete', { traceId: 'sent' });
    const { attributes } = await app.sink.stream('sent');
    // Nest writes one line end before the first event by itself.
    expect(attributes['bytes']).toBe(Buffer.byteLength(text) - 1);
  });
});
