import { describe, expect, it } from '@jest/globals';
import { stageDefinition } from '../stage/stage-definition.js';
import { Tracking } from '../testing/tracking.js';
import { TrackStage } from '../track-stage.js';
import type { StageExecution } from '../stage/stage-execution.js';

const DEPTH = 10_000;

class Recursive {
  @TrackStage('DEEP')
  tracked(depth: number): number {
    return depth === 0 ? 0 : this.tracked(depth - 1) + 1;
  }

  plain(depth: number): number {
    return depth === 0 ? 0 : this.plain(depth - 1) + 1;
  }
}

/** Frames of the stack at each level of a recursion, the outermost first. */
class FrameCounter {
  readonly frames: number[] = [];

  @TrackStage('COUNTED')
  descend(levels: number): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = Infinity;
    this.frames.push(new Error().stack?.split('\n').length ?? 0);
    Error.stackTraceLimit = stackTraceLimit;
    if (levels > 1) this.descend(levels - 1);
  }

  /** What each further level added. */
  get added(): number[] {
    return this.frames.slice(1).map((frames, index) => frames - (this.frames[index] ?? 0));
  }
}

function depthOf(root: StageExecution | undefined): number {
  let depth = 0;
  for (let stage = root; stage !== undefined; stage = stage.substages[0]) depth += 1;
  return depth;
}

describe('a tree of 10,000 stages, each inside the other,', () => {
  it.each(['closed by their trace', 'ended one by one'])(
    'is summarised, ended and kept without recursion: %s',
    (how) => {
      const tracking = new Tracking({ limits: { stagesPerTrace: DEPTH, stageDepth: DEPTH } });
      const { root } = tracking.recorder.openTrace(stageDefinition('ROOT'), { threadId: 't' });
      const stages = [root!];
      while (stages.length < DEPTH) stages.push(stages.at(-1)!.open(stageDefinition('DEEP'))!);
      const running = tracking.tracker.getExecutionSummary('t');
      expect([running?.stageCount, depthOf(running?.stages[0])]).toEqual([DEPTH, DEPTH]);
      if (how === 'ended one by one') for (const stage of stages.slice(1).toReversed()) stage.succeed();
      root?.succeed();
      expect([tracking.summary.stageCount, depthOf(tracking.root)]).toEqual([DEPTH, DEPTH]);
      expect(tracking.all.stages).toHaveLength(DEPTH);
      expect(tracking.recorder.drops.internalErrors).toBe(0);
    },
  );
});

describe('a tracked recursion', () => {
  const recursive = new Recursive();

  it('costs one frame a call more than an untracked one outside every trace', () => {
    const counter = new FrameCounter();
    counter.descend(5);
    expect(counter.added).toEqual([2, 2, 2, 2]);
  });

  it('costs one frame a call more beyond stagesPerTrace', () => {
    const counter = new FrameCounter();
    new Tracking({ limits: { stagesPerTrace: 2 } }).run(() => {
      counter.descend(5);
    });
    expect(counter.added.slice(1)).toEqual([2, 2, 2]);
  });

  it('of 3,000 calls works in a trace with the default limits: those too deep are plain calls', () => {
    const tracking = new Tracking();
    expect(tracking.run(() => recursive.tracked(3_000))).toBe(3_000);
    expect(tracking.summary).toMatchObject({ stageCount: 101, droppedStages: 2_901, outcome: 'ok' });
    expect(tracking.recorder.drops.stages).toBe(2_901);
  });

  it('that overflows the stack throws what it would have thrown, and the trace ends', () => {
    const tracking = new Tracking({ limits: { stagesPerTrace: 1_000_000, stageDepth: 1_000_000 } });
    expect(() => recursive.plain(1_000_000)).toThrow(RangeError);
    expect(() => tracking.run(() => recursive.tracked(1_000_000))).toThrow(RangeError);
    expect(tracking.summary).toMatchObject({ outcome: 'error', running: false });
    expect(tracking.root.errorType).toBe('RangeError');
    expect(tracking.recorder.openTraceCount).toBe(0);
  });
});
