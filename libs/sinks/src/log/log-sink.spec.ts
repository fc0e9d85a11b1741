import { describe, expect, it } from '@jest/globals';
import {
  currentStage,
  ExecutionTracker,
  Recorder,
  type RecorderOptions,
  type StageExecution,
  stageDefinition,
  type StageOptions,
} from '@followspot/core';
import type { LogLevel } from './log-writer.js';
import { LogSink, type LogSinkOptions } from './log-sink.js';
import { ObservabilityLogger } from './observability-logger.js';
import { MemoryWriter } from '../testing/memory-writer.js';

interface Engine {
  readonly writer: MemoryWriter;
  readonly tracker: ExecutionTracker;
  readonly recorder: Recorder;
  readonly sink: LogSink;
}

function engine(options: RecorderOptions = {}, lines: LogSinkOptions = {}): Engine {
  const writer = new MemoryWriter();
  const logger = new ObservabilityLogger(writer);
  const sink = new LogSink(logger, lines);
  const recorder = new Recorder({ sampleRate: 1, sinks: [sink], ...options });
  logger.reportTo(recorder);
  writer.receivesFrom(recorder);
  return { writer, recorder, sink, tracker: new ExecutionTracker(recorder) };
}

const ids = { traceId: 'the-trace', threadId: 'the-thread' };
const ended = { outcome: 'ok', latencyMs: expect.any(Number) };

/** The lines that one stage inside a job writes when it ends. */
function linesOf(options: StageOptions, work: () => unknown = () => 1): MemoryWriter['lines'] {
  const { writer, tracker } = engine();
  try {
    tracker.runTrace('JOB', () => tracker.trackStage('WORK', work, options), ids);
  } catch {
    // The work may fail.
  }
  return writer.lines.filter(({ level, fields }) => level !== 'debug' && fields['stage'] === 'WORK');
}

/** A stage as the HTTP layer ends it. */
function stage(parts: Partial<StageExecution>): StageExecution {
  return {
    stageId: 'HTTP.2_STREAM',
    stageName: 'SSE Stream',
    kind: 'stream',
    outcome: 'ok',
    success: true,
    durationMs: 5,
    selfTimeMs: 5,
    startedAt: 0,
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    attributes: {},
    metadata: {},
    substages: [],
    ...parts,
  };
}

const kept = { ...ids, keptBecause: 'sampled' } as const;

describe('LogSink', () => {
  it('writes a line at debug when a stage starts and one at info when it has ended', () => {
    const { writer, tracker } = engine();
    tracker.runTrace('JOB.1_REINDEX', () => tracker.trackStage('3.0_RETRIEVAL', () => 1), ids);
    const job = { event: 'stage', stage: 'JOB.1_REINDEX', stageName: 'Reindex', kind: 'internal', ...ids };
    const retrieval = { ...job, stage: '3.0_RETRIEVAL', stageName: 'Retrieval' };
    const end = { durationMs: expect.any(Number), outcome: 'ok' };
    expect(writer.lines).toEqual([
      { level: 'debug', message: 'Stage started', fields: job },
      { level: 'debug', message: 'Stage started', fields: retrieval },
      { level: 'info', message: 'Stage completed', fields: { ...retrieval, ...end } },
      { level: 'info', message: 'Stage completed', fields: { ...job, ...end } },
    ]);
  });

  it('tells at the start what is known then', () => {
    const { writer, tracker } = engine();
    tracker.runTrace('JOB', () =>
      currentStage()?.open(stageDefinition('WORK'), { cause: 'timer' })?.succeed(),
    );
    const [job, work] = writer.lines.filter(({ level }) => level === 'debug');
    expect(work!.fields['attributes']).toEqual({ cause: 'timer' });
    expect(job!.fields).not.toHaveProperty('attributes');
  });

  it('leaves the thread id out where it is the trace id', () => {
    const { writer, tracker } = engine();
    tracker.runTrace('JOB', () => 1, { traceId: 'alone' });
    for (const { fields } of writer.lines) {
      expect(fields).toMatchObject({ traceId: 'alone' });
      expect(fields).not.toHaveProperty('threadId');
    }
  });

  it('tells attributes, and leaves the field out where there are none', () => {
    const [line] = linesOf({ attributes: () => ({ size: 3, query: 'cats' }) });
    expect(line!.fields['attributes']).toEqual({ size: 3, query: '[redacted]' });
    expect(linesOf({})[0]!.fields).not.toHaveProperty('attributes');
  });

  it('tells of a cache look-up which cache, and whether it was a hit', () => {
    const attributes = (): StageExecution['attributes'] => ({ cache: 'l1', hit: true, size: 3 });
    expect(linesOf({ kind: 'cache', attributes })).toEqual([
      {
        level: 'info',
        message: 'Cache l1 hit',
        fields: {
          event: 'cache',
          ...ids,
          stage: 'WORK',
          cache: 'l1',
          hit: true,
          ...ended,
          attributes: { size: 3 },
        },
      },
    ]);
  });

  it('tells of a cache stage that is no look-up as of any other stage', () => {
    expect(linesOf({ kind: 'cache' })).toMatchObject([
      { message: 'Stage completed', fields: { kind: 'cache' } },
    ]);
  });

  it('tells of a provider call what it took and cost', () => {
    const used = {
      provider: 'openai',
      model: 'small',
      inputTokens: 5,
      outputTokens: 7,
      tokenCost: 0.1,
      apiCost: 0.2,
    };
    expect(linesOf({ kind: 'provider', attributes: () => ({ ...used, words: 2 }) })).toEqual([
      {
        level: 'info',
        message: 'Provider openai ok',
        fields: {
          event: 'provider',
          ...ids,
          stage: 'WORK',
          ...used,
          success: true,
          ...ended,
          attributes: { words: 2, usageSource: 'provider' },
        },
      },
    ]);
    expect(linesOf({ kind: 'provider' })).toMatchObject([{ fields: { provider: 'unknown' } }]);
  });

  it('tells of a request how it was answered and why it was kept', () => {
    const { writer, sink } = engine();
    const attributes = { method: 'GET', route: '/items/:id', statusCode: 404, handler: 'Items.one' };
    sink.record(stage({ stageId: 'HTTP.1_REQUEST', kind: 'request', attributes }), kept);
    const { handler, ...answered } = attributes;
    expect(writer.lines).toEqual([
      {
        level: 'info',
        message: 'GET /items/:id 404',
        fields: {
          ...{ event: 'request', ...ids, stage: 'HTTP.1_REQUEST', ...answered },
          ...{ latencyMs: 5, keptBecause: 'sampled', outcome: 'ok', attributes: { handler } },
        },
      },
    ]);
  });

  it('tells of a stream how it ended and what happened on the way', () => {
    const { writer, sink } = engine();
    const figures = { route: '/search', events: 3, timeToFirstEventMs: 2, stalls: 1, bytes: 90 };
    const attributes = { ...figures, gapMaxMs: 4 };
    sink.record(stage({ outcome: 'cancelled', ending: 'client_disconnect', attributes }), kept);
    expect(writer.lines).toEqual([
      {
        level: 'info',
        message: 'Stream client_disconnect',
        fields: {
          ...{ event: 'sse', ...ids, stage: 'HTTP.2_STREAM', ...figures, heartbeats: 0, durationMs: 5 },
          ...{ ending: 'client_disconnect', outcome: 'cancelled', attributes: { gapMaxMs: 4 } },
        },
      },
    ]);
  });

  it.each([
    ['ok', 'completed', 'info'],
    ['cancelled', 'client_disconnect', 'info'],
    ['cancelled', 'shutdown', 'info'],
    ['cancelled', 'slow_consumer', 'warn'],
    ['error', 'server_error', 'error'],
    ['error', 'upstream_error', 'error'],
    ['error', 'timeout', 'error'],
  ] as const)('tells of a stream that is %s with %s at %s', (outcome, ending, level) => {
    const { writer, sink } = engine();
    sink.record(stage({ outcome, ending }), kept);
    expect(writer.lines.at(-1)).toMatchObject({ level, fields: { event: 'sse', ending } });
  });

  it('tells of a stream that was refused, and has no ending, at info', () => {
    const { writer, sink } = engine();
    sink.record(stage({ outcome: 'error', errorType: 'BadRequestException', errorStatus: 400 }), kept);
    expect(writer.lines).toMatchObject([
      { level: 'warn', fields: { event: 'error' } },
      { level: 'info', message: 'Stream refused', fields: { event: 'sse', outcome: 'error' } },
    ]);
  });

  it('tells that a stream was opened, or resumed with what is known of that', () => {
    const { writer, sink } = engine();
    const start = stage({});
    sink.started(start, kept);
    sink.started({ ...start, attributes: { lastEventId: 'a:3' } }, kept);
    const event = { event: 'stream_event', ...ids, stage: 'HTTP.2_STREAM', streamId: 'the-trace' };
    expect(writer.lines).toEqual([
      { level: 'debug', message: 'Stream opened', fields: { ...event, eventType: 'opened', data: {} } },
      {
        level: 'info',
        message: 'Stream resumed',
        fields: { ...event, eventType: 'resumed', data: { lastEventId: 'a:3' } },
      },
    ]);
  });

  it('tells an error once for a trace, where it came from, and elsewhere its type', () => {
    const { writer, tracker } = engine();
    const failing = (): never => {
      throw new TypeError('no sk-abcdefghijkl', { cause: new Error('password=hunter2') });
    };
    expect(() =>
      tracker.runTrace(
        'JOB',
        () => tracker.trackStage('OUTER', () => tracker.trackStage('INNER', failing)),
        ids,
      ),
    ).toThrow(TypeError);
    const [error, ...stages] = writer.lines.filter(({ level }) => level !== 'debug');
    expect(error).toEqual({
      level: 'error',
      message: 'no [redacted]',
      fields: {
        ...{ event: 'error', ...ids, stage: 'INNER', errorType: 'TypeError' },
        causes: ['Error: password=[redacted]'],
      },
    });
    expect(stages).toMatchObject(
      ['INNER', 'OUTER', 'JOB'].map((stage) => ({
        level: 'info',
        message: 'Stage completed',
        fields: { stage, outcome: 'error', errorType: 'TypeError' },
      })),
    );
    expect(stages).toHaveLength(3);
  });

  it('tells two errors of a trace apart', () => {
    const { writer, tracker } = engine();
    tracker.runTrace('JOB', () => {
      for (const message of ['a', 'b', 'a']) {
        const failing = (): never => {
          throw new Error(message);
        };
        expect(() => tracker.trackStage('WORK', failing)).toThrow(message);
      }
    });
    expect(writer.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'a',
      'b',
    ]);
  });

  it.each([
    ['internal', 400, 'warn'],
    ['internal', 503, 'error'],
    ['internal', undefined, 'error'],
    ['provider', 429, 'error'],
  ] as const)('tells the error of a stage of kind %s with the status %s at %s', (kind, status, level) => {
    const failing = (): never => {
      throw Object.assign(new Error('refused'), { status });
    };
    expect(linesOf({ kind }, failing)[0]).toMatchObject({ level, message: 'refused' });
  });

  it('tells of a provider call and a cache look-up that failed', () => {
    const failing = (): never => {
      throw new Error('away');
    };
    expect(linesOf({ kind: 'provider' }, failing)).toMatchObject([
      { level: 'error', fields: { event: 'error' } },
      { level: 'warn', message: 'Provider unknown failed', fields: { success: false, outcome: 'error' } },
    ]);
    expect(linesOf({ kind: 'cache' }, failing)).toMatchObject([
      { level: 'error', fields: { event: 'error' } },
      { level: 'info', message: 'Stage completed', fields: { kind: 'cache', outcome: 'error' } },
    ]);
  });

  it('tells of a request that failed without a stage only in its own line', () => {
    const { writer, sink } = engine();
    const parts = { kind: 'request', outcome: 'error', errorType: 'HTTP 500', errorMessage: 'Oh' } as const;
    sink.record(stage({ ...parts, attributes: { method: 'GET', route: '/a', statusCode: 500 } }), kept);
    expect(writer.lines).toMatchObject([
      { level: 'error', message: 'GET /a 500, error', fields: { outcome: 'error', errorType: 'HTTP 500' } },
    ]);
    expect(writer.lines).toHaveLength(1);
  });

  it('with stages: false tells only what has a line of its own', () => {
    const { writer, tracker } = engine({}, { stages: false });
    tracker.runTrace('JOB', () =>
      tracker.trackStage('WORK', () => 1, { kind: 'cache', attributes: () => ({ hit: false }) }),
    );
    expect(writer.lines.map(({ message }) => message)).toEqual(['Cache unknown miss']);
  });

  it('with metrics: false tells of every stage that it was completed', () => {
    const { writer, tracker } = engine({}, { metrics: false });
    tracker.runTrace('JOB', () => tracker.trackStage('WORK', () => 1, { kind: 'provider' }));
    expect(writer.lines.map(({ message }) => message).slice(2)).toEqual([
      'Stage completed',
      'Stage completed',
    ]);
  });

  it('writes nothing for a trace that is sampled out, unless it is to tell all of them', () => {
    const { writer, tracker } = engine({ sampleRate: 0 });
    tracker.runTrace('JOB', () => tracker.trackStage('WORK', () => 1));
    expect(writer.lines).toEqual([]);
    const all = engine({ sampleRate: 0, rescue: false }, { traces: 'all' });
    all.tracker.runTrace('JOB', () => all.tracker.trackStage('WORK', () => 1));
    expect(all.writer.lines.map(({ fields }) => fields['stage'])).toEqual(['WORK', 'JOB']);
  });

  it('writes the lines of a rescued trace when that ends, innermost first', async () => {
    const { writer, tracker } = engine({ sampleRate: 0 });
    const { promise, reject } = Promise.withResolvers<never>();
    const job = tracker.runTrace('JOB', () => {
      tracker.trackStage('WORK', () => 1);
      return promise;
    });
    expect(writer.lines).toEqual([]);
    reject(new Error('failed in the end'));
    await expect(job).rejects.toThrow('failed in the end');
    expect(writer.lines.map(({ message, fields }) => [message, fields['stage']])).toEqual([
      ['Stage completed', 'WORK'],
      ['failed in the end', 'JOB'],
      ['Stage completed', 'JOB'],
    ]);
  });

  it('that cannot write disturbs nobody', () => {
    const { recorder, tracker, writer } = engine();
    writer.info = () => {
      throw new Error('disk full');
    };
    expect(tracker.runTrace('JOB', () => 42)).toBe(42);
    recorder.deliver();
    expect(recorder.drops.internalErrors).toBe(1);
  });

  it('wants no start of which nobody writes a line', () => {
    const quiet = Object.assign(new MemoryWriter(), {
      isLevelEnabled: (level: LogLevel) => level !== 'debug',
    });
    const sinks = [new MemoryWriter(), quiet].map((writer) => new LogSink(new ObservabilityLogger(writer)));
    const bare = new LogSink(new ObservabilityLogger(new MemoryWriter()), { stages: false, metrics: false });
    const wanted = [...sinks, bare].map((sink) => [sink.wantsStart('internal'), sink.wantsStart('stream')]);
    expect(wanted).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
  });
});
