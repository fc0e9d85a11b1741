import { describe, expect, it } from '@jest/globals';
import { Sampler } from './sampler.js';
import { stageDefinition } from './stage/stage-definition.js';
import { Tracking } from './testing/tracking.js';

describe('ExecutionTracker', () => {
  it('names the running trace, also below stages and after it has ended', async () => {
    const { tracker } = new Tracking();
    const gate = Promise.withResolvers<undefined>();
    let later: Promise<unknown> | undefined;
    const named = (): unknown => [tracker.traceId, tracker.threadId];
    tracker.runTrace(
      'ROOT',
      () => {
        expect(named()).toEqual(['id', 'key']);
        expect(tracker.trackStage('A', named)).toEqual(['id', 'key']);
        later = gate.promise.then(named);
      },
      { traceId: 'id', threadId: 'key' },
    );
    gate.resolve(undefined);
    expect(await later).toEqual(['id', 'key']);
    expect(named()).toEqual([undefined, undefined]);
  });

  it('makes a trace id where none is given, and looks the trace up by it', () => {
    const { tracker } = new Tracking();
    const traceId = tracker.runTrace('ROOT', () => tracker.traceId) ?? '';
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(tracker.getExecutionSummary(traceId)).toMatchObject({ traceId, threadId: traceId });
  });

  it('runs a trace inside a trace as one of its own', () => {
    const tracking = new Tracking();
    const { tracker } = tracking;
    tracking.run(() => {
      tracker.runTrace('INNER_ROOT', () => tracker.trackStage('A', () => 1), { threadId: 'inner' });
      tracker.trackStage('B', () => 1);
    });
    expect(tracking.tree).toBe('ROOT(B)');
    expect(tracker.getExecutionSummary('inner')?.stages[0]?.substages.map(({ stageId }) => stageId)).toEqual([
      'A',
    ]);
  });

  it('summarises a trace that runs, with what is open marked as running and timed so far', () => {
    const tracking = new Tracking();
    const { tracker, clock } = tracking;
    tracking.run(() => {
      tracker.trackStage('A', () => clock.advance(2));
      tracker.trackStage('B', () => {
        clock.advance(1);
        tracker.setAttribute('seen', 1);
        tracker.trackStage('B1', function* () {
          yield 1;
        });
        tracker.trackStage('B2', () => {
          clock.advance(4);
          const summary = tracker.getExecutionSummary('t');
          expect(summary).toMatchObject({ running: true, totalDurationMs: 7, stageCount: 4, outcome: 'ok' });
          const [root] = summary?.stages ?? [];
          expect(root).toMatchObject({ running: true, durationMs: 7, selfTimeMs: 0 });
          const [a, b] = root?.substages ?? [];
          expect(a).toMatchObject({ stageId: 'A', durationMs: 2 });
          expect(a?.running).toBeUndefined();
          expect(b).toMatchObject({ running: true, durationMs: 5, selfTimeMs: 1, attributes: { seen: 1 } });
          expect(b?.substages).toMatchObject([
            { stageId: 'B2', running: true, durationMs: 4, selfTimeMs: 4 },
          ]);
        });
      });
    });
    expect(tracking.summary).toMatchObject({ running: false, totalDurationMs: 7, stageCount: 4 });
    expect(tracking.root.running).toBeUndefined();
  });

  it('hands out summaries of a running trace that later events do not change', () => {
    const tracking = new Tracking();
    const { tracker } = tracking;
    tracking.run(() => {
      tracker.setAttribute('step', 1);
      const before = tracker.getExecutionSummary('t');
      tracker.setAttribute('step', 2);
      tracker.trackStage('A', () => 1);
      expect(before?.stages).toMatchObject([{ attributes: { step: 1 }, substages: [] }]);
    });
  });

  it('finds from outside the trace of a thread id that was opened last', () => {
    const tracking = new Tracking();
    const { tracker, recorder } = tracking;
    const [first, second] = ['1', '2'].map((traceId) =>
      recorder.openTrace(stageDefinition('ROOT'), { threadId: 't', traceId }),
    );
    expect(tracker.getExecutionSummary('t')?.traceId).toBe('2');
    second?.root?.succeed();
    expect(tracker.getExecutionSummary('t')).toMatchObject({ traceId: '1', running: true });
    first?.root?.succeed();
    expect(tracker.getExecutionSummary('t')).toMatchObject({ traceId: '1', running: false });
  });

  it('clears the ended traces of a thread id and leaves the running one', () => {
    const tracking = new Tracking();
    tracking.run(() => undefined);
    tracking.run(() => {
      expect(tracking.tracker.clearThreadData('t')).toBe(1);
      expect(tracking.tracker.getExecutionSummary('t')?.running).toBe(true);
    });
    expect(tracking.recorder.history.size).toBe(1);
  });

  it('answers shouldTrack as the sampler does, and true with force', () => {
    const { tracker } = new Tracking({ sampleRate: 0.3 });
    const sampler = new Sampler(0.3);
    const ids = Array.from({ length: 200 }, (_, id) => `thread-${id}`);
    expect(ids.map((id) => tracker.shouldTrack(id))).toEqual(ids.map((id) => sampler.isSampled(id)));
    expect(ids.every((id) => tracker.shouldTrack(id, true))).toBe(true);
  });

  it('keeps of 1,000 traces exactly those that shouldTrack names', () => {
    const { tracker, recorder } = new Tracking({ sampleRate: 0.25 });
    const ids = Array.from({ length: 1_000 }, (_, id) => `thread-${id}`);
    for (const threadId of ids) tracker.runTrace('ROOT', () => undefined, { threadId });
    const kept = ids.filter((id) => tracker.getExecutionSummary(id) !== undefined);
    expect(kept).toEqual(ids.filter((id) => tracker.shouldTrack(id)));
    expect(recorder.history.size).toBe(kept.length);
  });

  it('hands out a copy of the drop counts', () => {
    const { tracker } = new Tracking();
    Object.assign(tracker.getDropCounts(), { stages: 99 });
    expect(tracker.getDropCounts().stages).toBe(0);
  });
});

describe('ExecutionTracker with enabled: false', () => {
  it('makes plain calls that still know their trace id', () => {
    const tracking = new Tracking({ enabled: false });
    const { tracker } = tracking;
    const promise = Promise.resolve('value');
    const result = tracking.run(() => {
      expect(tracker.trackStage('A', () => promise)).toBe(promise);
      tracker.setAttribute('key', 'value');
      tracker.forceTracking();
      return tracker.threadId;
    });
    expect(result).toBe('t');
    expect([tracking.all.stages, tracking.kept.stages, tracking.kept.starts]).toEqual([[], [], []]);
    expect([tracking.recorder.history.size, tracking.recorder.openTraceCount]).toEqual([0, 0]);
    expect([tracker.shouldTrack('t'), tracker.shouldTrack('t', true)]).toEqual([false, false]);
    expect(tracker.getStageStatistics('A')).toBeUndefined();
  });

  it('throws what the work throws', () => {
    const failure = new Error('own');
    expect(() =>
      new Tracking({ enabled: false }).run(() => {
        throw failure;
      }),
    ).toThrow(failure);
  });
});
