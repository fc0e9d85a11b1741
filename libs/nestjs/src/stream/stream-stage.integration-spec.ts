import 'reflect-metadata';
import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { newMoments, StreamsController } from '../testing/streams.controller.js';

interface Expected {
  readonly method?: string;
  readonly status: number;
  readonly request: string;
  readonly stream: string;
  readonly ending: string | undefined;
  readonly events: number | undefined;
  readonly error?: [type: string, message: string];
}

const rows: [label: string, path: string, expected: Expected][] = [
  [
    'that completes',
    'complete',
    { status: 200, request: 'ok', stream: 'ok', ending: 'completed', events: 3 },
  ],
  [
    'that emits at once',
    'synchronous',
    { status: 200, request: 'ok', stream: 'ok', ending: 'completed', events: 2 },
  ],
  ['that is empty', 'empty', { status: 200, request: 'ok', stream: 'ok', ending: 'completed', events: 0 }],
  [
    'out of a promise',
    'promised',
    { status: 200, request: 'ok', stream: 'ok', ending: 'completed', events: 1 },
  ],
  [
    'that answers a POST',
    'posted',
    { method: 'POST', status: 201, request: 'ok', stream: 'ok', ending: 'completed', events: 1 },
  ],
  [
    'that answers HEAD',
    'endless',
    {
      method: 'HEAD',
      status: 200,
      request: 'ok',
      stream: 'ok',
      ending: 'completed',
      events: expect.any(Number) as never,
    },
  ],
  [
    'that answers HEAD and has no event',
    'silent',
    { method: 'HEAD', status: 200, request: 'ok', stream: 'ok', ending: 'completed', events: 0 },
  ],
  [
    'that fails after its first event',
    'fails',
    {
      status: 200,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 1,
      error: ['TypeError', 'upstream is gone'],
    },
  ],
  [
    'whose handler rejects after 30 ms',
    'rejects',
    {
      status: 500,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 0,
      error: ['TypeError', 'too late for a status'],
    },
  ],
  [
    'whose handler throws',
    'throws',
    {
      status: 500,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 0,
      error: ['TypeError', 'at once'],
    },
  ],
  [
    'that fails at once',
    'fails-at-once',
    {
      status: 500,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 0,
      error: ['TypeError', 'at once'],
    },
  ],
  [
    'that is refused with a 404',
    'refuses',
    {
      status: 404,
      request: 'ok',
      stream: 'error',
      ending: undefined,
      events: undefined,
      error: ['NotFoundException', 'no such stream'],
    },
  ],
  [
    'whose first event is a BigInt',
    'bigint-first',
    {
      status: 500,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 1,
      error: ['TypeError', 'Do not know how to serialize a BigInt'],
    },
  ],
  [
    'whose second event is a BigInt',
    'bigint-later',
    {
      status: 200,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 2,
      error: ['TypeError', 'Do not know how to serialize a BigInt'],
    },
  ],
  [
    'whose second event is circular',
    'circular-later',
    {
      status: 200,
      request: 'error',
      stream: 'error',
      ending: 'server_error',
      events: 2,
      error: ['TypeError', expect.stringContaining('circular') as never],
    },
  ],
];

/** A connection of its own would be closed with the headers of an answer to HEAD, before that is complete. */
const connections = new Agent({ keepAlive: true });
afterAll(() => {
  connections.destroy();
});

describe.each(ADAPTERS)('A stream on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [StreamsController] });
  });
  afterAll(() => app.close());

  it.each(rows)('%s (/%s) ends as what it was, once', async (label, path, expected) => {
    newMoments();
    const traceId = label.replaceAll(' ', '-');
    const { method = 'GET' } = expected;
    const answer = await call(app.port, `/${path}`, { traceId, method, agent: connections });
    expect(answer).toMatchObject({ status: expected.status, traceId });
    const root = await app.sink.root(traceId);
    const stream = await app.sink.stream(traceId);
    expect(root.outcome).toBe(expected.request);
    expect(stream).toMatchObject({ stageId: 'HTTP.2_STREAM', kind: 'stream', outcome: expected.stream });
    expect(stream.ending).toBe(expected.ending);
    expect(stream.attributes['events']).toEqual(expected.events);
    expect([stream.errorType, stream.errorMessage]).toEqual(expected.error ?? [undefined, undefined]);
    if (expected.request === 'error') expect(root.errorMessage).toEqual(expected.error?.[1]);
    expect(
      app.sink.stages.filter(({ stage, trace }) => stage.kind === 'stream' && trace.traceId === traceId),
    ).toHaveLength(1);
    expect(app.sink.roots(traceId)).toHaveLength(1);
    expect(app.recorder.openTraceCount).toBe(0);
    expect(app.tracker.getDropCounts().internalErrors).toBe(0);
  });

  it('counts neither heartbeats as events nor the first heartbeat as the first event', async () => {
    const answer = await call(app.port, '/complete', { traceId: 'beats' });
    expect(answer.text).toContain(': beat');
    const { attributes } = await app.sink.stream('beats');
    expect(attributes).toMatchObject({ events: 3, heartbeats: 1, timeToFirstEventMs: expect.any(Number) });
    expect(attributes['timeToFirstEventMs']).toBeGreaterThan(15);
  });

  it('has no time to the first event when there was none', async () => {
    await call(app.port, '/empty', { traceId: 'none' });
    expect((await app.sink.stream('none')).attributes).toEqual({ route: '/empty', events: 0 });
  });

  it('lasts from the call of the handler to its end', async () => {
    await call(app.port, '/complete', { traceId: 'lasts' });
    const { startedAt, durationMs, attributes } = await app.sink.stream('lasts');
    const root = await app.sink.root('lasts');
    // The first event is timed from the arrival of the request, which on a busy machine is long before the handler.
    const endedMs = startedAt - root.startedAt + durationMs;
    expect(endedMs).toBeGreaterThan(attributes['timeToFirstEventMs'] as number);
    expect(root.durationMs).toBeGreaterThanOrEqual(durationMs);
  });

  it('that is refused is not rescued as failed', async () => {
    const sampledOut = await startApp(adapter, {
      controllers: [StreamsController],
      options: { sampleRate: 0 },
    });
    await call(sampledOut.port, '/refuses', { traceId: 'refused' });
    await call(sampledOut.port, '/fails', { traceId: 'failed' });
    await Promise.all(['refused', 'failed'].map((id) => sampledOut.sink.root(id)));
    expect(sampledOut.tracker.getExecutionSummary('refused')).toBeUndefined();
    expect(sampledOut.tracker.getExecutionSummary('failed')).toMatchObject({ keptBecause: 'failed' });
    await sampledOut.close();
  });
});
