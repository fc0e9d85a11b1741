import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  Inject,
  Param,
  UseFilters,
} from '@nestjs/common';
import { ExecutionTracker } from '@followspot/core';
import { Registry } from 'prom-client';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { call, openStream, rawExchange, send } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';
import { type Moments, newMoments, StreamsController } from '../testing/streams.controller.js';

@Catch()
class CrashingFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ raw?: { destroy(): void }; destroy(): void }>();
    (response.raw ?? response).destroy();
    throw exception;
  }
}

@Controller('odd')
class OddController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('crash')
  @UseFilters(CrashingFilter)
  crash(): never {
    throw new HttpException('crash', 500);
  }

  @Get('stage/:id')
  stage(@Param('id') id: string): string {
    return this.tracker.trackStage(id, () => 'done');
  }

  @Get('never')
  never(): Promise<never> {
    return new Promise(() => {});
  }
}

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  let scraped: Scraped;
  let moments: Moments;
  beforeEach(() => {
    moments = newMoments();
  });
  afterEach(() => app.close());

  const start = async (options: ObservabilityOptions = {}, collects?: 'kept'): Promise<void> => {
    app = await startApp(adapter, {
      controllers: [StreamsController, OddController, ItemsController],
      options: { ...options, metrics: { registry: new Registry() } },
      ...(collects && { collects }),
    });
    scraped = new Scraped(app);
  };
  const open = async (): Promise<number[]> => [
    await scraped.sum('http_requests_in_flight'),
    await scraped.sum('sse_connections_active'),
  ];

  it('what is open is shown while it is', async () => {
    await start();
    const stream = await openStream(app.port, '/endless', { traceId: 'open' });
    await stream.seen('data: 3');
    const { request } = await send(app.port, '/odd/never', { traceId: 'waiting' });
    await call(app.port, '/items/1');
    expect(await open()).toEqual([2, 1]);
    expect(await scraped.sum('sse_event_gap_seconds_count', 'route="/endless"')).toBeGreaterThanOrEqual(3);
    stream.leave();
    request.destroy();
    await Promise.all([app.sink.root('open'), app.sink.root('waiting')]);
    expect(await open()).toEqual([0, 0]);
  });

  it.each([
    ['an answer', '/items/1'],
    ['a failure', '/items/broken'],
    ['a guard that refuses', '/items/denied/1'],
    ['a pipe that refuses', '/items/number/x'],
    ['no such route', '/nothing/here'],
    ['a complete stream', '/complete'],
    ['a stream that fails', '/fails'],
    ['a stream that fails before it begins', '/throws'],
    ['a stream that is refused', '/refuses'],
    ['an event that cannot be sent', '/bigint-later'],
    ['a stream that never had an event', '/empty'],
  ])('nothing is open after %s', async (_, path) => {
    await start();
    await call(app.port, path, { traceId: 'over' });
    await app.sink.root('over');
    expect(await open()).toEqual([0, 0]);
    expect(await scraped.sum('http_requests_total')).toBe(1);
  });

  it('nothing is open after HEAD of a stream', async () => {
    await start();
    await call(app.port, '/endless', { method: 'HEAD', traceId: 'head' });
    await app.sink.root('head');
    expect(await open()).toEqual([0, 0]);
  });

  it('nothing is open after a crash in a filter, which leaves the client without an answer', async () => {
    await start();
    await send(app.port, '/odd/crash', { traceId: 'crash' });
    await app.sink.root('crash');
    expect(await open()).toEqual([0, 0]);
    expect(await scraped.sum('http_requests_total')).toBe(1);
  });

  it.each([
    ['before it was answered', '/odd/never', undefined],
    ['while a guard was asked', '/guarded', 'guarding'],
    ['while the stream was being prepared', '/preparing', 'preparing'],
    ['before the first event', '/silent', 'subscribed'],
  ])('nothing is open when the client has left %s', async (_, path, moment) => {
    await start();
    const { request } = await send(app.port, path, { traceId: 'left' });
    if (moment !== undefined) await moments.passed(moment);
    request.destroy();
    await app.sink.root('left');
    moments.pass('let through');
    moments.pass('prepared');
    expect(await open()).toEqual([0, 0]);
    expect(await scraped.sum('http_errors_total')).toBe(0);
    const isAnswered = path === '/silent' || path === '/preparing';
    expect(await scraped.sum('http_requests_total', `status_class="${isAnswered ? '2xx' : 'none'}"`)).toBe(1);
  });

  it('a stream counts under its route, with how it ended and what it carried', async () => {
    await start();
    await call(app.port, '/complete', { traceId: 'complete' });
    await call(app.port, '/fails', { traceId: 'fails' });
    await Promise.all([app.sink.root('complete'), app.sink.root('fails')]);
    const closed = 'sse_connections_closed_total';
    expect(await scraped.sum(closed, 'route="/complete"', 'ending="completed"')).toBe(1);
    expect(await scraped.sum(closed, 'route="/fails"', 'ending="server_error"')).toBe(1);
    expect(await scraped.sum('sse_events_total', 'route="/complete"')).toBe(3);
    expect(await scraped.sum('sse_heartbeats_total', 'route="/complete"')).toBe(1);
    expect(await scraped.sum('sse_event_gap_seconds_count', 'route="/complete"')).toBe(2);
    expect(await scraped.sum('sse_time_to_first_event_seconds_count', 'route="/complete"')).toBe(1);
    expect(await scraped.sum('http_request_duration_seconds_count')).toBe(0);
    expect(await scraped.sum('http_errors_total', 'route="/fails"')).toBe(1);
  });

  it.each<[string, ObservabilityOptions]>([
    ['everything is kept', { sampleRate: 1 }],
    ['nothing is sampled', { sampleRate: 0 }],
  ])('all traffic counts when %s', async (_, options) => {
    await start(options);
    for (let n = 0; n < 20; n += 1) await call(app.port, '/items/1');
    await call(app.port, '/complete', { traceId: 'last' });
    await app.sink.root('last');
    expect(await scraped.sum('http_requests_total')).toBe(21);
    expect(await scraped.sum('trace_requests_total')).toBe(21);
    expect(await scraped.sum('request_stages_total', 'stage="1.0_FIND"')).toBe(20);
    expect(await scraped.sum('sse_connections_closed_total')).toBe(1);
  });

  it('all traffic counts when nothing is sampled, nothing rescued and nobody else measures', async () => {
    await start({ sampleRate: 0, rescue: false }, 'kept');
    for (let n = 0; n < 20; n += 1) await call(app.port, '/items/1');
    expect(await scraped.sum('http_requests_total')).toBe(20);
    expect(await scraped.sum('trace_requests_total', 'kept="none"')).toBe(20);
    expect(await scraped.sum('request_stages_total', 'stage="1.0_FIND"')).toBe(20);
    expect(app.sink.stages).toEqual([]);
  });

  it('5,000 paths, queries, stage ids and methods leave the number of series as it is', async () => {
    await start({ limits: { stageIds: 20 } });
    await flood(app.port, 0, 250);
    await scraped.lines();
    const before = await scraped.sum('followspot_series');
    for (let from = 250; from < 5_250; from += 500) await flood(app.port, from, 500);
    expect(await scraped.sum('http_requests_total')).toBe(5_250);
    expect(await scraped.sum('followspot_series')).toBe(before);
  }, 60_000);
});

const METHODS = ['GET', 'M-SEARCH', 'PROPFIND', 'PURGE', 'DELETE'];

/** Sends requests that no other is like, all at once on one connection, and waits for all answers. */
async function flood(port: number, from: number, count: number): Promise<void> {
  const requests = Array.from({ length: count }, (_, index) => {
    const n = from + index;
    const paths = [
      `/nowhere/${n}`,
      `/items/${n}`,
      `/items/1?q=${n}`,
      `/odd/stage/STAGE_${n}`,
      `/%ff${n}/__proto__`,
    ];
    const method = n % 7 === 0 ? METHODS[n % METHODS.length] : 'GET';
    const connection = index === count - 1 ? 'close' : 'keep-alive';
    return `${method} ${paths[n % paths.length]} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n\r\n`;
  });
  const answers = await rawExchange(port, requests.join(''), () => false);
  expect(answers.match(/HTTP\/1\.1 \d/g)).toHaveLength(count);
}
