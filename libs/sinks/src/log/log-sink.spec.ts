import { describe, expect, it } from '@jest/globals';
import {
  currentStage,
  ExecutionTracker,
  Recorder,
  type RecorderOptions,
  stageDefinition,
} from '@followspot/core';
import { LogSink, type LogWriter } from './log-sink.js';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** Writes into an array. */
class MemoryWriter implements LogWriter {
  readonly lines: Line[] = [];
  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', message, fields: { ...fields } });
  }
  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields: { ...fields } });
  }
}

function engine(options: RecorderOptions = {}): {
  writer: MemoryWriter;
  tracker: ExecutionTracker;
  recorder: Recorder;
} {
  const writer = new MemoryWriter();
  const recorder = new Recorder({ sampleRate: 1, sinks: [new LogSink(writer)], ...options });
  return { writer, recorder, tracker: new ExecutionTracker(recorder) };
}

const ids = { traceId: 'the-trace', threadId: 'the-thread' };

describe('LogSink', () => {
  it('writes a line at debug when a stage starts and one at info when it has ended', () => {
    const { writer, tracker } = engine();
    tracker.runTrace(
      'JOB.1_REINDEX',
      () => tracker.trackStage('2.0_CACHE_LOOKUP', () => 1, { kind: 'cache' }),
      ids,
    );
    const job = { stage: 'JOB.1_REINDEX', stageName: 'Reindex', kind: 'internal', ...ids };
    const lookup = { stage: '2.0_CACHE_LOOKUP', stageName: 'Cache Lookup', kind: 'cache', ...ids };
    const end = { durationMs: expect.any(Number), outcome: 'ok' };
    expect(writer.lines).toEqual([
      { level: 'debug', message: 'Stage started', fields: job },
      { level: 'debug', message: 'Stage started', fields: lookup },
      { level: 'info', message: 'Stage completed', fields: { ...lookup, ...end } },
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

  it('tells attributes, and leaves the field out where there are none', () => {
    const { writer, tracker } = engine();
    tracker.runTrace('JOB', () =>
      tracker.trackStage('WORK', () => 1, { attributes: () => ({ hit: true, size: 3 }) }),
    );
    const [work, job] = writer.lines.filter(({ level }) => level === 'info');
    expect(work!.fields['attributes']).toEqual({ hit: true, size: 3 });
    expect(job!.fields).not.toHaveProperty('attributes');
  });

  it('tells the class and the message of an error, and nothing of its stack', () => {
    const { writer, tracker } = engine();
    const job = (): unknown =>
      tracker.runTrace('JOB', () => {
        throw new TypeError('no such thing');
      });
    expect(job).toThrow('no such thing');
    expect(writer.lines.at(-1)!.fields).toMatchObject({
      outcome: 'error',
      errorType: 'TypeError',
      errorMessage: 'no such thing',
    });
    expect(JSON.stringify(writer.lines)).not.toContain('log-sink.spec');
  });

  it('tells how a stream ended', () => {
    const writer = new MemoryWriter();
    const stage = {
      stageId: 'HTTP.2_STREAM',
      stageName: 'SSE Stream',
      kind: 'stream',
      outcome: 'cancelled',
      success: true,
      durationMs: 5,
      selfTimeMs: 5,
      startedAt: 0,
      ending: 'client_disconnect',
      errorType: undefined,
      errorMessage: undefined,
      attributes: {},
      metadata: {},
      substages: [],
    } as const;
    new LogSink(writer).record(stage, { ...ids, keptBecause: 'abandoned' });
    expect(writer.lines[0]!.fields).toEqual({
      stage: 'HTTP.2_STREAM',
      stageName: 'SSE Stream',
      kind: 'stream',
      ...ids,
      durationMs: 5,
      outcome: 'cancelled',
      ending: 'client_disconnect',
    });
  });

  it('writes nothing for a trace that is sampled out', () => {
    const { writer, tracker } = engine({ sampleRate: 0 });
    tracker.runTrace('JOB', () => tracker.trackStage('WORK', () => 1));
    expect(writer.lines).toEqual([]);
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
      ['Stage completed', 'JOB'],
    ]);
  });

  it('that cannot write disturbs nobody', () => {
    const { recorder, tracker, writer } = engine();
    writer.info = () => {
      throw new Error('disk full');
    };
    expect(tracker.runTrace('JOB', () => 42)).toBe(42);
    expect(recorder.drops.internalErrors).toBe(1);
  });
});
