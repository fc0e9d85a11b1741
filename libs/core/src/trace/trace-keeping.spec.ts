import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stageDefinition } from '../stage/stage-definition.js';
import type { RecorderOptions } from '../recorder.js';
import type { Stage } from '../stage/stage.js';
import { stagesOf, Tracking } from '../testing/tracking.js';

const SAMPLED_OUT: RecorderOptions = { sampleRate: 0, rescue: false };
const RESCUING: RecorderOptions = { sampleRate: 0, rescue: { slowMs: 100 } };

describe('a trace that the sampler keeps', () => {
  it('says so, and hands over each stage when it ends', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => undefined);
      expect(tracking.kept.stageIds).toEqual(['A']);
    });
    expect(tracking.summary.keptBecause).toBe('sampled');
    expect(tracking.kept.stageIds).toEqual(['A', 'ROOT']);
  });
});

describe('a trace that is sampled out, without rescue,', () => {
  it.each(['ok', 'fails', 'slow'])('records nothing at all: %s', (how) => {
    const tracking = new Tracking(SAMPLED_OUT, 'kept');
    const failure = new Error('failed');
    const call = (): string =>
      tracking.run(() =>
        tracking.tracker.trackStage('A', () => {
          if (how === 'slow') tracking.clock.advance(1_000_000);
          if (how === 'fails') throw failure;
          return tracking.tracker.threadId ?? 'none';
        }),
      );
    if (how === 'fails') expect(call).toThrow(failure);
    else expect(call()).toBe('t');
    expect([tracking.kept.stages, tracking.kept.starts]).toEqual([[], []]);
    expect(tracking.tracker.getExecutionSummary('t')).toBeUndefined();
    expect(tracking.tracker.getStageStatistics('A')).toBeUndefined();
    expect(tracking.recorder.openTraceCount).toBe(0);
  });

  it('gives back promises and streams as they are: its stages are plain calls', () => {
    const tracking = new Tracking(SAMPLED_OUT, 'kept');
    const promise = Promise.resolve(1);
    const stream = new ReadableStream();
    tracking.run(() => {
      expect(tracking.tracker.trackStage('A', () => promise)).toBe(promise);
      expect(tracking.tracker.trackStage('B', () => stream)).toBe(stream);
    });
  });

  it('is measured all the same for a sink that wants all, and never kept, however it went', () => {
    const tracking = new Tracking(SAMPLED_OUT);
    expect(() =>
      tracking.run(() => {
        tracking.tracker.trackStage('A', () => tracking.clock.advance(1_000_000));
        throw new Error('failed');
      }),
    ).toThrow('failed');
    expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
    expect(tracking.tracker.getStageStatistics('A')).toMatchObject({ executionCount: 1 });
    expect(tracking.kept.stages).toEqual([]);
    expect(tracking.recorder.history.size).toBe(0);
  });
});

describe('a trace that is sampled out, with rescue,', () => {
  it('is measured and not kept when it went well', () => {
    const tracking = new Tracking(RESCUING);
    tracking.run(() => tracking.tracker.trackStage('A', () => tracking.clock.advance(100)));
    expect(tracking.kept.stages).toEqual([]);
    expect(tracking.all.stageIds).toEqual(['A', 'ROOT']);
    expect(tracking.recorder.history.size).toBe(0);
  });

  it('is kept because it failed', () => {
    const tracking = new Tracking(RESCUING);
    expect(() =>
      tracking.run(() => {
        tracking.tracker.trackStage('A', () => undefined);
        expect(tracking.kept.stageIds).toEqual([]);
        throw new Error('failed');
      }),
    ).toThrow('failed');
    expect(tracking.summary.keptBecause).toBe('failed');
    expect(tracking.kept.stageIds).toEqual(['A', 'ROOT']);
    expect(tracking.kept.traces.map(({ keptBecause }) => keptBecause)).toEqual(['failed', 'failed']);
  });

  it('is not kept because a stage failed that the application made up for', () => {
    const tracking = new Tracking(RESCUING);
    tracking.run(() => {
      expect(() =>
        tracking.tracker.trackStage('A', () => {
          throw new Error('tried');
        }),
      ).toThrow('tried');
    });
    expect(tracking.kept.stages).toEqual([]);
  });

  it('is kept because it was abandoned', () => {
    const tracking = new Tracking(RESCUING);
    const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
    root?.cancel();
    expect(tracking.summary).toMatchObject({ keptBecause: 'abandoned', outcome: 'cancelled', success: true });
  });

  it('is kept because it was slow', () => {
    const tracking = new Tracking(RESCUING);
    tracking.run(() => tracking.clock.advance(100.001));
    expect(tracking.summary.keptBecause).toBe('slow');
  });

  it('counts as slow by its first answer, where it has one', () => {
    const tracking = new Tracking(RESCUING);
    const answerAfter = (ms: number): void => {
      const trace = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
      tracking.clock.advance(ms);
      expect(trace.markAnswered()).toBe(ms);
      tracking.clock.advance(10_000);
      expect(trace.markAnswered()).toBe(ms);
      trace.root?.succeed();
    };
    answerAfter(50);
    expect(tracking.recorder.history.size).toBe(0);
    answerAfter(150);
    expect(tracking.summary.keptBecause).toBe('slow');
  });

  it('can be read while it runs, before it is known whether it is kept', () => {
    const tracking = new Tracking(RESCUING);
    tracking.run(() =>
      tracking.tracker.trackStage('A', () => {
        tracking.clock.advance(4);
        expect(tracking.tracker.getExecutionSummary('t')).toMatchObject({
          running: true,
          keptBecause: undefined,
          stageCount: 2,
        });
      }),
    );
    expect(tracking.tracker.getExecutionSummary('t')).toBeUndefined();
  });
});

describe('force', () => {
  it.each([
    ['without rescue', SAMPLED_OUT],
    ['with rescue', RESCUING],
  ])('keeps a whole trace from its start, %s', (_, options) => {
    const tracking = new Tracking(options);
    tracking.tracker.runTrace('ROOT', () => tracking.tracker.trackStage('A', () => 1), {
      threadId: 't',
      force: true,
    });
    expect(tracking.summary.keptBecause).toBe('forced');
    expect(tracking.kept.stageIds).toEqual(['A', 'ROOT']);
    expect(tracking.kept.starts.map(({ stageId }) => stageId)).toEqual(['ROOT', 'A']);
  });

  it('keeps the trace whose root stage is declared with it', () => {
    const tracking = new Tracking(SAMPLED_OUT);
    tracking.recorder.openTrace(stageDefinition('ROOT', { force: true }), { threadId: 't' }).root?.succeed();
    expect(tracking.summary.keptBecause).toBe('forced');
  });

  it('by a stage keeps the trace from there on, and what was measured before, once', () => {
    const tracking = new Tracking(RESCUING);
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => undefined);
      // As in an earlier turn of the event loop.
      tracking.recorder.deliver();
      tracking.tracker.trackStage('B', () => undefined, { force: true });
      tracking.tracker.trackStage('C', () => undefined);
      expect(tracking.kept.stageIds).toEqual(['B', 'C']);
    });
    expect(tracking.summary.keptBecause).toBe('forced');
    expect(tracking.kept.stageIds).toEqual(['B', 'C', 'A', 'ROOT']);
    expect(tracking.tree).toBe('ROOT(A B C)');
  });

  it('in the middle of a trace that records nothing records what comes then', () => {
    const tracking = new Tracking(SAMPLED_OUT, 'kept');
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => undefined);
      tracking.tracker.forceTracking();
      tracking.tracker.trackStage('B', () => undefined);
    });
    expect(tracking.tree).toBe('ROOT(B)');
    expect(tracking.kept.stageIds).toEqual(['B', 'ROOT']);
  });

  it('does not change why a sampled trace was kept', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.tracker.forceTracking();
    });
    expect(tracking.summary.keptBecause).toBe('sampled');
  });

  it('wins over nothing when tracking is off', () => {
    const tracking = new Tracking({ enabled: false });
    tracking.tracker.runTrace(
      'ROOT',
      () => {
        tracking.tracker.forceTracking();
      },
      { threadId: 't', force: true },
    );
    expect([tracking.all.stages, tracking.recorder.history.size]).toEqual([[], 0]);
  });
});

describe('every sink', () => {
  const step = fc.record({
    act: fc.constantFrom('open', 'open', 'open', 'end', 'fail', 'hold', 'claim', 'forceTrace', 'forceStage'),
    at: fc.nat(),
  });

  it('gets every ended stage of its scope exactly once, and just the stages of the tree', () => {
    fc.assert(
      fc.property(
        fc.record({
          steps: fc.array(step, { maxLength: 40 }),
          isSampled: fc.boolean(),
          rescue: fc.boolean(),
          scopes: fc.constantFrom('kept', 'kept and all'),
          outcome: fc.constantFrom('succeed', 'fail', 'cancel'),
        }),
        ({ steps, isSampled, rescue, scopes, outcome }) => {
          const tracking = new Tracking({ sampleRate: isSampled ? 1 : 0, rescue }, scopes);
          const isRecording = isSampled || rescue || scopes === 'kept and all';
          const trace = tracking.recorder.openTrace(stageDefinition('S0'), { threadId: 't' });
          const stages = [trace.root as Stage];
          const others = (): Stage[] => stages.slice(1);
          let isForced = false;
          for (const { act, at } of steps) {
            const any = stages[at % stages.length]!;
            const notRoot = others()[at % Math.max(1, others().length)];
            if (act === 'open' || act === 'forceStage') {
              isForced ||= act === 'forceStage';
              const stage = any.open(stageDefinition(`S${stages.length}`, { force: act === 'forceStage' }));
              if (stage !== undefined) stages.push(stage);
              expect(stage !== undefined).toBe(isRecording || isForced);
            } else if (act === 'forceTrace') {
              isForced = true;
              trace.force();
            } else if (act === 'end') notRoot?.succeed();
            else if (act === 'fail') notRoot?.fail(new Error('failed'));
            else if (act === 'hold') notRoot?.hold(at % 2 === 0);
            else if (notRoot?.hasEnded === false) {
              const claimed = notRoot.claim();
              if (claimed !== undefined && claimed !== notRoot) stages.push(claimed);
            }
          }
          const root = stages[0]!;
          if (outcome === 'succeed') root.succeed();
          else if (outcome === 'fail') root.fail(new Error('failed'));
          else root.cancel();

          const isKept = isSampled || isForced || (rescue && outcome !== 'succeed');
          const summary = tracking.tracker.getExecutionSummary('t');
          expect(summary !== undefined).toBe(isKept);
          const all = tracking.all.stages;
          const kept = tracking.kept.stages;
          expect(new Set(kept).size).toBe(kept.length);
          if (scopes === 'kept and all') {
            expect(all.at(-1)?.stageId).toBe('S0');
            expect(new Set(all).size).toBe(all.length);
            if (isKept) expect(new Set(kept)).toEqual(new Set(all));
          }
          expect(kept.length > 0).toBe(isKept);
          if (summary !== undefined) {
            expect(new Set(stagesOf(summary.stages[0]!))).toEqual(new Set(kept));
            expect(summary.stageCount).toBe(kept.length);
          }
          expect(stages.every((stage) => stage.hasEnded)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
