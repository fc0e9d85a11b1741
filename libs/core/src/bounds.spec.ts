import { describe, expect, it } from '@jest/globals';
import { stageDefinition } from './stage/stage-definition.js';
import type { AttributeValue } from './stage/stage-execution.js';
import { stagesOf, Tracking } from './testing/tracking.js';

const HOSTILE_IDS: unknown[] = [
  '__proto__',
  '',
  ' ',
  'x'.repeat(10_240),
  '🎭',
  'a\nb',
  'say "hi"',
  "'; DROP TABLE stages; --",
  Symbol('s'),
  7,
  NaN,
  null,
  undefined,
  {},
  () => 1,
];

describe('stagesPerTrace', () => {
  it('bounds a trace: further stages are plain calls, and both the trace and the recorder count them', () => {
    const tracking = new Tracking({ limits: { stagesPerTrace: 3 } });
    const values = tracking.run(() =>
      Array.from({ length: 5 }, (_, index) => tracking.tracker.trackStage('A', () => index)),
    );
    expect(values).toEqual([0, 1, 2, 3, 4]);
    expect(tracking.summary).toMatchObject({ stageCount: 3, droppedStages: 3 });
    expect(tracking.recorder.drops.stages).toBe(3);
  });

  it('lets stages below a dropped one belong to the stage above it', () => {
    const tracking = new Tracking({ limits: { stagesPerTrace: 2 } });
    tracking.run(() =>
      tracking.tracker.trackStage('A', () =>
        tracking.tracker.trackStage('DROPPED', () => {
          tracking.tracker.setAttribute('set', 'below');
        }),
      ),
    );
    expect(tracking.tree).toBe('ROOT(A)');
    expect(tracking.stage('A').attributes).toEqual({ set: 'below' });
  });

  it('is counted anew for each trace', () => {
    const tracking = new Tracking({ limits: { stagesPerTrace: 2 } });
    for (let times = 0; times < 3; times += 1) tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    expect(tracking.recorder.drops.stages).toBe(0);
  });
});

describe('attributesPerStage', () => {
  it('bounds those that a stage is opened with, too, and leaves the object to whoever gave it', () => {
    const tracking = new Tracking({ limits: { attributesPerStage: 2 } });
    const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
    const given = Object.freeze({ a: 1, '': 2, b: 3, c: 4 });
    const stages = ['A', 'B'].map((stageId) => root?.open(stageDefinition(stageId), given));
    stages[0]?.setAttribute('a', 'another');
    root?.succeed();
    expect(tracking.stage('A').attributes).toEqual({ a: 'another', b: 3 });
    expect(tracking.stage('B').attributes).toEqual({ a: 1, b: 3 });
    expect(tracking.recorder.drops.attributes).toBe(4);
  });

  it('of one that is opened with few are kept as they were then, whatever becomes of the object', () => {
    const tracking = new Tracking();
    const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
    const given: Record<string, AttributeValue> = { a: 1 };
    const stage = root?.open(stageDefinition('A'), given);
    given['a'] = 2;
    stage?.setAttribute('b', 3);
    root?.succeed();
    expect(tracking.stage('A').attributes).toEqual({ a: 1, b: 3 });
    expect(given).toEqual({ a: 2 });
  });
});

describe('openTraces', () => {
  it('bounds the traces that are open: further ones run with their ids and record nothing', () => {
    const tracking = new Tracking({ limits: { openTraces: 2 } });
    const { recorder, tracker } = tracking;
    const open = Array.from({ length: 2 }, () => recorder.openTrace(stageDefinition('ROOT')));
    const ids = tracker.runTrace('ROOT', () => [tracker.traceId, tracker.threadId], {
      traceId: 'id',
      threadId: 'key',
      force: true,
    });
    expect(ids).toEqual(['id', 'key']);
    expect([recorder.openTraceCount, recorder.drops.openTraces, tracking.all.stages.length]).toEqual([
      2, 1, 0,
    ]);
    open[0]?.root?.succeed();
    tracking.run(() => undefined);
    expect([recorder.openTraceCount, recorder.drops.openTraces, tracking.all.stages.length]).toEqual([
      1, 1, 2,
    ]);
  });

  it('counts nothing when tracking is off', () => {
    const { recorder } = new Tracking({ enabled: false, limits: { openTraces: 1 } });
    for (let times = 0; times < 3; times += 1) recorder.openTrace(stageDefinition('ROOT'));
    expect([recorder.openTraceCount, recorder.drops.openTraces]).toEqual([0, 0]);
  });
});

describe('tracesInHistory', () => {
  it('bounds the history by the order in which traces ended, and counts what made room', () => {
    const { recorder, tracker } = new Tracking({ limits: { tracesInHistory: 2 } });
    const open = ['a', 'b', 'c'].map((threadId) => recorder.openTrace(stageDefinition('ROOT'), { threadId }));
    for (const trace of open.toReversed()) trace.root?.succeed();
    expect(['a', 'b', 'c'].map((id) => tracker.getExecutionSummary(id)?.threadId)).toEqual([
      'a',
      'b',
      undefined,
    ]);
    expect(tracker.getDropCounts().historyTraces).toBe(1);
  });
});

describe('stageIds', () => {
  it('bounds the ids: executions of further ones are recorded as other, and counted', () => {
    const tracking = new Tracking({ limits: { stageIds: 3 } });
    for (let times = 0; times < 2; times += 1) {
      tracking.run(() => {
        for (const id of ['A', 'B', 'C', 'D', 'A']) tracking.tracker.trackStage(id, () => undefined);
      });
    }
    expect(tracking.tree).toBe('ROOT(A B other other A)');
    expect(tracking.recorder.drops.stageIds).toBe(4);
    expect(tracking.tracker.getStageStatistics('other')?.executionCount).toBe(4);
    expect(tracking.tracker.getStageStatistics('C')).toBeUndefined();
  });

  it('bounds those of root stages as well', () => {
    const tracking = new Tracking({ limits: { stageIds: 2 } });
    for (const id of ['A', 'B', 'user input', '__proto__']) tracking.tracker.runTrace(id, () => undefined);
    expect(tracking.all.stageIds).toEqual(['A', 'B', 'other', 'other']);
    expect(tracking.recorder.drops.stageIds).toBe(2);
  });

  it.each(HOSTILE_IDS)('turns %p into other, with its value and its error untouched', (stageId) => {
    const tracking = new Tracking();
    const failure = new Error('own');
    tracking.run(() => {
      expect(tracking.tracker.trackStage(stageId as string, () => 'value')).toBe('value');
      expect(() =>
        tracking.tracker.trackStage(stageId as string, () => {
          throw failure;
        }),
      ).toThrow(failure);
    });
    expect(tracking.root.substages.map((stage) => [stage.stageId, stage.stageName])).toEqual([
      ['other', 'Other'],
      ['other', 'Other'],
    ]);
    expect(tracking.recorder.drops).toMatchObject({ stageIds: 2, internalErrors: 0 });
  });

  it.each(HOSTILE_IDS)('leaves %p a plain call outside every trace', (stageId) => {
    expect(new Tracking().tracker.trackStage(stageId as string, () => 'value')).toBe('value');
  });

  it.each(['constructor', 'hasOwnProperty', 'toString', 'valueOf', '0', 'a-b.c_d'])(
    'records %p as it is',
    (stageId) => {
      const tracking = new Tracking();
      tracking.run(() => tracking.tracker.trackStage(stageId, () => 1));
      expect(tracking.tracker.getStageStatistics(stageId)).toMatchObject({ stageId, executionCount: 1 });
      expect(tracking.recorder.drops.stageIds).toBe(0);
    },
  );

  it('stays a closed set under 5,000 ids from user input', () => {
    const tracking = new Tracking({ limits: { stageIds: 10, stagesPerTrace: 10_000 } });
    tracking.run(() => {
      for (let id = 0; id < 5_000; id += 1) tracking.tracker.trackStage(`user-${id}`, () => id);
    });
    expect(new Set(stagesOf(tracking.root).map((stage) => stage.stageId)).size).toBe(11);
  });
});

describe('hostile thread ids', () => {
  it.each(['__proto__', 'constructor', '', '🎭', '\ud800', 'a\nb', 'x'.repeat(10_240)])(
    'are just keys: %p',
    (threadId) => {
      const { tracker, recorder } = new Tracking({ sampleRate: 0.5 });
      expect(tracker.getExecutionSummary(threadId)).toBeUndefined();
      tracker.runTrace('ROOT', () => tracker.trackStage('A', () => 1), { threadId, force: true });
      expect(tracker.getExecutionSummary(threadId)).toMatchObject({ threadId, stageCount: 2 });
      expect(tracker.clearThreadData(threadId)).toBe(1);
      expect([recorder.openTraceCount, recorder.history.size]).toEqual([0, 0]);
    },
  );
});
