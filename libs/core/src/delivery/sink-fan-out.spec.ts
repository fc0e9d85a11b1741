import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { RecorderOptions } from '../recorder.js';
import type { Sink } from './sink.js';
import { CollectingSink } from '../testing/collecting-sink.js';
import { Tracking } from '../testing/tracking.js';
import { unhandledRejectionsOf } from '../testing/unhandled-rejections.js';

const failure = new Error('sink down');

/** A sink all of whose methods do the same. */
function sinkThat(fn: () => never | Promise<never>, scope: 'kept' | 'all' = 'kept'): Sink {
  // An async method satisfies the signatures of a sink, only not for the linter.
  const method = fn as unknown as () => undefined;
  return { name: 'faulty', scope, started: method, record: method, close: method };
}

/** Runs two stages beside the faulty sink and says what was reported. */
function runBeside(sink: Sink): { tracking: Tracking; reported: unknown[]; value: string } {
  const reported: unknown[] = [];
  const tracking = new Tracking({
    sinks: [sink, new CollectingSink()],
    onInternalError: (place, error) => reported.push([place, error]),
  });
  const value = tracking.run(() => tracking.tracker.trackStage('A', () => 'value'));
  tracking.recorder.deliver();
  return { tracking, reported, value };
}

describe('a sink', () => {
  it.each(['kept', 'all'] as const)(
    'of scope %s that throws harms nobody, is counted and reported once',
    (scope) => {
      const { tracking, reported, value } = runBeside(
        sinkThat(() => {
          throw failure;
        }, scope),
      );
      expect(value).toBe('value');
      expect(reported).toEqual([['sink faulty', failure]]);
      const calls = scope === 'kept' ? 4 : 2;
      expect(tracking.tracker.getDropCounts().internalErrors).toBe(calls);
      expect(tracking.kept.stageIds).toEqual(['A', 'ROOT']);
      expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
      expect(tracking.tree).toBe('ROOT(A)');
    },
  );

  it('that rejects harms nobody, is counted and reported once, and is no unhandled rejection', async () => {
    let run: ReturnType<typeof runBeside> | undefined;
    const unhandled = await unhandledRejectionsOf(() => {
      run = runBeside(sinkThat(() => Promise.reject(failure)));
    });
    expect(unhandled).toEqual([]);
    expect(run?.reported).toEqual([['sink faulty', failure]]);
    expect(run?.tracking.tracker.getDropCounts().internalErrors).toBe(4);
  });

  it('is named in the report, so that two faulty ones are both reported', () => {
    const reported: unknown[] = [];
    const record = (): never => {
      throw failure;
    };
    const tracking = new Tracking({
      sinks: [
        { name: 'one', record },
        { name: 'two', record },
      ],
      onInternalError: (place) => reported.push(place),
    });
    tracking.run(() => undefined);
    tracking.recorder.deliver();
    expect(reported).toEqual(['sink one', 'sink two']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('reporter down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('reporter down'))],
  ])('that fails stays without consequence when the one who is told %s', async (_, onInternalError) => {
    const unhandled = await unhandledRejectionsOf(() => {
      const tracking = new Tracking({
        sinks: [
          sinkThat(() => {
            throw failure;
          }),
        ],
        onInternalError,
      });
      expect(tracking.run(() => 'value')).toBe('value');
      expect(tracking.tracker.getDropCounts().internalErrors).toBe(2);
    });
    expect(unhandled).toEqual([]);
  });

  it('hears of the start of kept stages and of the end of every stage in its scope', () => {
    const tracking = new Tracking();
    tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    expect(tracking.kept.starts.map((stage) => stage.stageId)).toEqual(['ROOT', 'A']);
    expect(tracking.all.starts).toEqual([]);
    expect(tracking.kept.traces.map(({ threadId, keptBecause }) => [threadId, keptBecause])).toEqual([
      ['t', 'sampled'],
      ['t', 'sampled'],
    ]);
  });

  it('is told of the starts that it wants, and of those of a trace that is kept only later of none', () => {
    const told: string[] = [];
    const sink: Sink = {
      name: 'choosy',
      started: ({ stageId, attributes }) => void told.push(`${stageId} ${JSON.stringify(attributes)}`),
      wantsStart: (kind) => kind === 'retrieval',
      record: () => undefined,
    };
    const start = (options: RecorderOptions): void => {
      const tracking = new Tracking({ ...options, sinks: [sink] });
      const { tracker } = tracking;
      tracking.run(() => {
        tracker.trackStage('A', () => 1, { kind: 'internal' });
        tracker.trackStage(
          'B',
          () => {
            tracker.setAttribute('late', true);
          },
          { kind: 'retrieval' },
        );
        tracker.forceTracking();
      });
      tracking.recorder.deliver();
    };
    start({});
    expect(told).toEqual(['B {}']);
    start({ sampleRate: 0 });
    expect(told).toEqual(['B {}']);
  });

  it('that fails when it is asked what it wants is told of nothing, and the failure is counted', () => {
    const { tracking, reported } = runBeside({
      name: 'faulty',
      started: () => undefined,
      wantsStart: () => {
        throw failure;
      },
      record: () => undefined,
    });
    expect(reported).toEqual([['sink faulty', failure]]);
    expect(tracking.kept.starts.map(({ stageId }) => stageId)).toEqual(['ROOT', 'A']);
  });

  it('that calls tracked methods itself is not recorded, and does not feed itself', () => {
    let calls = 0;
    const tracking: Tracking = new Tracking({
      sinks: [
        {
          name: 'tracked',
          record: () => {
            calls += 1;
            tracking.tracker.trackStage('WRITE', () => undefined);
            tracking.tracker.runTrace('WRITE_TRACE', () =>
              tracking.tracker.trackStage('WRITE', () => undefined),
            );
          },
        },
      ],
    });
    tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    tracking.recorder.deliver();
    expect(calls).toBe(2);
    expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
    tracking.run(() => tracking.tracker.trackStage('B', () => 1));
    expect(tracking.tree).toBe('ROOT(B)');
  });
});

describe('Recorder.close', () => {
  it('closes every sink once, however often it is called', async () => {
    const { recorder, kept, all } = new Tracking();
    await Promise.all([recorder.close(), recorder.close()]);
    await recorder.close();
    expect([kept.closeCount, all.closeCount]).toEqual([1, 1]);
  });

  it('closes the others when one throws or rejects, and reports that once', async () => {
    const reported: unknown[] = [];
    const { recorder, kept } = new Tracking({
      sinks: [
        sinkThat(() => {
          throw failure;
        }),
        sinkThat(async () => Promise.reject(failure)),
      ],
      onInternalError: (place, error) => reported.push([place, error]),
    });
    await recorder.close();
    expect(kept.closeCount).toBe(1);
    expect(reported).toEqual([['sink faulty', failure]]);
    expect(recorder.drops.internalErrors).toBe(2);
  });

  it('lets the open traces end first, so that the sinks have their last stages', async () => {
    const told: string[] = [];
    const sink: Sink = {
      name: 'telling',
      record: (stage) => told.push(stage.stageId),
      close: () => void told.push('closed'),
    };
    const { recorder, tracker } = new Tracking({ sinks: [sink] });
    const work = Promise.withResolvers<string>();
    const result = tracker.runTrace('ROOT', () => work.promise);
    const closing = recorder.close();
    work.resolve('done');
    await expect(result).resolves.toBe('done');
    await closing;
    expect(told).toEqual(['ROOT', 'closed']);
  });

  it('waits for an open trace no longer than closeTimeoutMs', async () => {
    const { recorder, tracker, kept } = new Tracking({ closeTimeoutMs: 5 });
    void tracker.runTrace('ROOT', () => new Promise(() => undefined));
    await recorder.close();
    expect([kept.closeCount, recorder.openTraceCount, recorder.drops.internalErrors]).toEqual([1, 1, 0]);
  });

  it('gives up on a sink that hangs after closeTimeoutMs, and says so', async () => {
    const reported: [string, unknown][] = [];
    const { recorder, kept } = new Tracking({
      sinks: [sinkThat(() => new Promise<never>(() => undefined))],
      closeTimeoutMs: 5,
      onInternalError: (place, error) => reported.push([place, error]),
    });
    await recorder.close();
    expect(kept.closeCount).toBe(1);
    expect(reported).toEqual([['close', new Error('sinks did not close within 5 ms')]]);
  });

  it('has no deadline left to miss once all sinks are closed', async () => {
    const { recorder } = new Tracking({ closeTimeoutMs: 1 });
    await recorder.close();
    await setTimeout(10);
    expect(recorder.drops.internalErrors).toBe(0);
  });

  it('waits for a sink that sends what is queued', async () => {
    const { promise: sent, resolve } = Promise.withResolvers<undefined>();
    const { recorder } = new Tracking({
      sinks: [{ name: 'queue', record: () => undefined, close: () => sent }],
    });
    let isClosed = false;
    const closing = recorder.close().then(() => {
      isClosed = true;
    });
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    resolve(undefined);
    await closing;
    expect(isClosed).toBe(true);
  });

  it('lets further traces run and records nothing of them', async () => {
    const tracking = new Tracking();
    await tracking.recorder.close();
    expect(tracking.run(() => tracking.tracker.trackStage('A', () => tracking.tracker.threadId))).toBe('t');
    expect(tracking.all.stages).toEqual([]);
    expect(tracking.recorder.history.size).toBe(0);
  });
});
