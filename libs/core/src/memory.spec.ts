import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { currentStage } from './context/context.js';
import { stageDefinition } from './stage/stage-definition.js';
import { ExecutionTracker } from './execution-tracker.js';
import { Recorder } from './recorder.js';
import type { Stage } from './stage/stage.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** How many of the references are still alive once the garbage has been collected. */
async function aliveOf(references: readonly WeakRef<object>[]): Promise<number> {
  // A WeakRef keeps its target for the rest of the turn in which it was made or read.
  await setTimeout(1);
  collectGarbage();
  await setTimeout(1);
  collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

describe('the memory of ended traces', () => {
  it('is bounded by the history: of 20,000 traces no more stay than it holds', async () => {
    const recorder = new Recorder({ sampleRate: 1, limits: { tracesInHistory: 10 } });
    const tracker = new ExecutionTracker(recorder);
    const traces: WeakRef<object>[] = [];
    for (let count = 0; count < 20_000; count += 1) {
      tracker.runTrace('ROOT', () => {
        tracker.setAttribute('count', count);
        tracker.trackStage('A', () => tracker.trackStage('B', () => count));
        if (count % 20 === 0)
          traces.push(new WeakRef(recorder.openTraceOf(tracker.threadId ?? '')!.root!.trace));
      });
    }
    expect(traces).toHaveLength(1_000);
    expect(recorder.history.size).toBe(10);
    expect(recorder.drops.historyTraces).toBe(19_990);
    expect(await aliveOf(traces)).toBeLessThanOrEqual(2);
  });

  it('does not hold traces that were sampled out, nor the streams that nobody used', async () => {
    const recorder = new Recorder({ sampleRate: 0 });
    const tracker = new ExecutionTracker(recorder);
    const traces: WeakRef<object>[] = [];
    for (let count = 0; count < 1_000; count += 1) {
      tracker.runTrace('ROOT', () => {
        traces.push(new WeakRef(recorder.openTraceOf(tracker.threadId ?? '')!));
        tracker.trackStage('A', function* () {
          yield 1;
        });
      });
    }
    expect(await aliveOf(traces)).toBeLessThanOrEqual(2);
  });

  it('does not hold ended stages, also not those that the history has', async () => {
    const recorder = new Recorder({ sampleRate: 1 });
    const tracker = new ExecutionTracker(recorder);
    const stages: WeakRef<object>[] = [];
    const here = (): number => stages.push(new WeakRef(currentStage()!));
    for (let count = 0; count < 100; count += 1) {
      const failing = (): void => {
        tracker.trackStage('A', () => here());
        tracker.trackStage('B', () => {
          here();
          throw new Error('down');
        });
      };
      expect(() => tracker.runTrace('ROOT', failing, { threadId: 't' })).toThrow('down');
    }
    expect(stages).toHaveLength(200);
    expect(await aliveOf(stages)).toBeLessThanOrEqual(2);
    expect(recorder.history.size).toBe(100);
    expect(recorder.history.latest('t')).toMatchObject({ stageCount: 3, outcome: 'error' });
  });

  it('does not hold the tree of a trace in whose context a timer lives on', async () => {
    const recorder = new Recorder({ sampleRate: 1, limits: { tracesInHistory: 1 } });
    const timers: NodeJS.Timeout[] = [];
    const tree: WeakRef<object>[] = [];
    const open = (parent: Stage): Stage => {
      const stage = parent.open(stageDefinition('A'))!;
      tree.push(new WeakRef(stage));
      return stage;
    };
    const build = (): void => {
      const root = recorder.openTrace(stageDefinition('ROOT')).root!;
      // Where most of what lives on is made: in the request itself, outside of every stage of its own.
      root.run(() => timers.push(setInterval(() => undefined, 60_000).unref()));
      const first = open(root);
      const second = open(first);
      open(first);
      second.run(() => timers.push(setInterval(() => undefined, 60_000).unref()));
      root.succeed();
    };
    build();
    expect(recorder.history.size).toBe(1);
    // Only the stage whose own context the timer has.
    expect(await aliveOf(tree)).toBe(1);
    for (const timer of timers) clearInterval(timer);
  });

  it('does not hold the prompts of calls to a provider, in whatever lives on', async () => {
    const tracker = new ExecutionTracker(new Recorder({ sampleRate: 1 }));
    const timers: NodeJS.Timeout[] = [];
    const streams: unknown[] = [];
    const prompts: WeakRef<object>[] = [];
    const ask = async (isUsed: boolean): Promise<void> => {
      const prompt = [{ role: 'user', content: 'secret' }];
      prompts.push(new WeakRef(prompt));
      const stream = tracker.trackProvider({ provider: 'x', prompt }, async function* () {
        timers.push(setInterval(() => undefined, 60_000).unref());
        yield 'word';
      });
      streams.push(stream);
      if (isUsed) for await (const _ of stream);
    };
    await tracker.runTrace('ROOT', async () => {
      await ask(true);
      await ask(false);
    });
    expect(prompts).toHaveLength(2);
    expect(await aliveOf(prompts)).toBe(0);
    expect(streams).toHaveLength(2);
    for (const timer of timers) clearInterval(timer);
  });
});
