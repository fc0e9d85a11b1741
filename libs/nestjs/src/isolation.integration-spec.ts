import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import type { Clock, Sink } from '@followspot/core';
import type { ObservabilityOptions } from './config/observability-options.js';
import { call } from './testing/http-client.js';
import { ItemsController } from './testing/items.controller.js';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from './testing/running-app.js';
import { newMoments, StreamsController } from './testing/streams.controller.js';

const broken = (): never => {
  throw new Error('broken on purpose');
};

const throwingSink: Sink = { name: 'throwing', started: broken, record: broken, close: broken };
const rejectingSink = {
  name: 'rejecting',
  record: () => Promise.reject(new Error('broken on purpose')),
  close: () => Promise.reject(new Error('broken on purpose')),
} as unknown as Sink;
const runAwayClock = (): Clock => {
  let reading = 1_000;
  return { now: () => (reading -= 5), wallNow: () => Number.NaN };
};

const faults: [what: string, options: ObservabilityOptions, isCounted: boolean][] = [
  ['a sink that throws', { sinks: [throwingSink] }, true],
  ['a sink that rejects', { sinks: [rejectingSink] }, true],
  ['a sink for everything that throws', { sinks: [{ ...throwingSink, scope: 'all' }] }, true],
  ['a threadId callback that throws', { threadId: broken }, true],
  ['a threadId callback that returns no id', { threadId: () => 'a b\n' }, false],
  ['a threadId callback that returns an object', { threadId: () => ({}) as string }, false],
  ['a force callback that throws', { force: broken }, true],
  ['a force callback that returns nonsense', { force: () => 'yes' as never }, false],
  ['a clock that throws', { clock: { now: broken, wallNow: broken } }, false],
  ['a clock that runs backwards', { clock: runAwayClock() }, false],
  [
    'limits of one',
    {
      limits: {
        stagesPerTrace: 1,
        openTraces: 1,
        tracesInHistory: 1,
        stageIds: 1,
        attributesPerStage: 1,
        attributeLength: 1,
      },
    },
    false,
  ],
];

describe.each(ADAPTERS)('On %s nothing changes for the client with', (adapter) => {
  let app: RunningApp | undefined;
  beforeEach(() => {
    newMoments();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it.each(faults)('%s', async (_, options, isCounted) => {
    app = await startApp(adapter, { controllers: [ItemsController, StreamsController], options });
    expect(await call(app.port, '/items/7', { traceId: 'json' })).toMatchObject({
      status: 200,
      traceId: 'json',
      text: '{"id":"7","traceId":"json"}',
    });
    expect(await call(app.port, '/items/denied/7')).toMatchObject({ status: 401 });
    expect(await call(app.port, '/items/broken')).toMatchObject({ status: 500 });
    const stream = await call(app.port, '/synchronous', { traceId: 'stream' });
    expect(stream).toMatchObject({ status: 200, traceId: 'stream' });
    expect(stream.text.match(/data: \d/g)).toEqual(['data: 1', 'data: 2']);
    await app.sink.root('stream');
    expect(app.recorder.openTraceCount).toBe(0);
    expect(app.tracker.getDropCounts().internalErrors > 0).toBe(isCounted);
  });

  it('a server that is shut down while its sinks throw', async () => {
    app = await startApp(adapter, { options: { sinks: [throwingSink] } });
    await expect(app.close()).resolves.toBeUndefined();
    expect(app.tracker.getDropCounts().internalErrors).toBe(1);
    app = undefined;
  });
});

/** Nest's logger, which is one for the process, writing into an array for the time of a test. */
class Memory implements LoggerService {
  readonly lines: string[] = [];
  readonly add =
    (level: string) =>
    (message: unknown, ...others: unknown[]): void => {
      if (others.at(-1) === 'Followspot') this.lines.push(`${level} ${String(message)}`);
    };
  log = this.add('log');
  debug = this.add('debug');
  warn = this.add('warn');
  error = this.add('error');
}

async function logged(
  adapter: AdapterName,
  options: ObservabilityOptions,
  logger: LoggerService,
): Promise<RunningApp> {
  return startApp(adapter, { controllers: [ItemsController, StreamsController], options, nest: { logger } });
}

describe.each(ADAPTERS)('Without nestjs-pino on %s', (adapter) => {
  afterEach(() => {
    Logger.overrideLogger(false);
  });

  it('the lines are text, as the reference writes them', async () => {
    const memory = new Memory();
    const app = await logged(adapter, { log: true }, memory);
    await call(app.port, '/items/7', { traceId: 'text' });
    await app.sink.root('text');
    await app.close();
    const who = 'thread_id=text | trace_id=text';
    expect(memory.lines.map((line) => line.replace(/_ms=[\d.]+/, '_ms=0'))).toEqual([
      `debug Stage started: Request | stage=HTTP.1_REQUEST | kind=request | ${who}`,
      `debug Stage started: Find | stage=1.0_FIND | kind=internal | ${who}`,
      `log Stage completed: Find | stage=1.0_FIND | kind=internal | duration_ms=0 | outcome=ok | ${who}`,
      'log GET /items/:id 200 | event=request | stage=HTTP.1_REQUEST | method=GET | route=/items/:id | ' +
        `status_code=200 | latency_ms=0 | kept_because=sampled | outcome=ok | ${who}`,
    ]);
  });

  it('an error message cannot forge a field or a line', async () => {
    const memory = new Memory();
    const app = await logged(adapter, { log: true }, memory);
    app.tracker.runTrace('JOB', () => {
      try {
        app.tracker.trackStage('WORK', () => {
          throw new Error('x | outcome=ok\nStage completed: forged');
        });
      } catch {
        // Only the line matters.
      }
    });
    await app.close();
    const [line] = memory.lines.filter((text) => text.includes('event=error'));
    expect(line).toMatch(/^error "x \| outcome=ok\\nStage completed: forged" \| event=error \| /);
    expect(line).not.toContain('\n');
  });

  it('a logger that throws does not disturb, and is counted', async () => {
    const memory = new Memory();
    const app = await logged(adapter, { log: true }, memory);
    memory.log = broken;
    memory.debug = broken;
    memory.warn = broken;
    expect(await call(app.port, '/items/7', { traceId: 'json' })).toMatchObject({
      status: 200,
      traceId: 'json',
    });
    expect(await call(app.port, '/synchronous', { traceId: 'stream' })).toMatchObject({ status: 200 });
    await app.sink.root('stream');
    expect(app.tracker.getDropCounts().internalErrors).toBeGreaterThanOrEqual(8);
    expect(app.recorder.openTraceCount).toBe(0);
    await app.close();
  });

  it('an error that was kept from the application is told once', async () => {
    const memory = new Memory();
    const app = await logged(adapter, { sinks: [throwingSink] }, memory);
    await call(app.port, '/items/7');
    await call(app.port, '/items/7');
    await app.close();
    expect(memory.lines).toEqual([
      'warn An error of "sink throwing" was kept from the application; later ones are only counted. Error: broken on purpose',
    ]);
  });
});
