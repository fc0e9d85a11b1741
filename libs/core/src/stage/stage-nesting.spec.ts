import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stageDefinition } from './stage-definition.js';
import type { Stage } from './stage.js';
import { stagesOf, Tracking } from '../testing/tracking.js';

/** Work that ends when it is told to. When `end` has resolved, its stage has ended, too. */
function work(): { readonly promise: Promise<undefined>; end: () => Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return {
    promise,
    end: async () => {
      resolve(undefined);
      await new Promise(setImmediate);
    },
  };
}

describe('stages', () => {
  it('nest across awaits, timers and immediates', async () => {
    const tracking = new Tracking();
    const { tracker } = tracking;
    await tracking.run(async () => {
      await tracker.trackStage('A', async () => {
        await setTimeout(1);
        await tracker.trackSubstage('B', async () => {
          await new Promise(setImmediate);
          tracker.trackStage('C', () => undefined);
        });
        tracker.trackStage('D', () => undefined);
      });
      tracker.trackStage('E', () => undefined);
    });
    expect(tracking.tree).toBe('ROOT(A(B(C) D) E)');
  });

  it('that run side by side have one parent, and its self time is what none of them covers', async () => {
    const tracking = new Tracking();
    const { clock, tracker } = tracking;
    const works = Array.from({ length: 50 }, work);
    await tracking.run(() =>
      tracker.trackStage('PARENT', async () => {
        clock.advance(1);
        const all = works.map((each) =>
          tracker.trackStage('CHILD', async () => {
            clock.advance(2);
            await tracker.trackStage('GRANDCHILD', () => each.promise);
          }),
        );
        clock.advance(5);
        for (const each of works.toReversed()) {
          clock.advance(1);
          await each.end();
        }
        await Promise.all(all);
        clock.advance(3);
      }),
    );
    expect(tracking.tree).toBe(`ROOT(PARENT(${Array(50).fill('CHILD(GRANDCHILD)').join(' ')}))`);
    const parent = tracking.stage('PARENT');
    expect(parent).toMatchObject({ durationMs: 159, selfTimeMs: 4 });
    // The first to start is the last to end.
    const durations = parent.substages.map((stage) => stage.durationMs);
    expect(durations).toEqual(Array.from({ length: 50 }, (_, index) => 155 - 3 * index));
    expect(new Set(parent.substages.map((stage) => stage.selfTimeMs))).toEqual(new Set([2]));
  });

  it('have timestamps that follow from one reading of the wall clock', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.clock.advance(1.234_5);
      tracking.tracker.trackStage('A', () => undefined);
    });
    const { startedAt } = tracking.root;
    expect(startedAt).toBe(tracking.clock.wallNow() - 1.234_5);
    expect(tracking.stage('A').startedAt - startedAt).toBeCloseTo(1.235, 3);
  });

  it('that lose a race run on under the parent that has ended, whose record does not change', async () => {
    const tracking = new Tracking();
    const { clock, tracker } = tracking;
    const loser = work();
    await tracking.run(async () => {
      await tracker.trackStage('RACE', async () => {
        const lost = tracker.trackStage('LOSER', () => loser.promise);
        const won = tracker.trackStage('WINNER', async () => {
          clock.advance(2);
        });
        await Promise.race([lost, won]);
      });
      clock.advance(10);
      await loser.end();
    });
    expect(tracking.tree).toBe('ROOT(RACE(LOSER WINNER))');
    expect(tracking.stage('RACE')).toMatchObject({ outcome: 'ok', durationMs: 2, selfTimeMs: 0 });
    expect(tracking.stage('LOSER')).toMatchObject({ outcome: 'ok', durationMs: 12 });
    expect(tracking.root).toMatchObject({ durationMs: 12, selfTimeMs: 10 });
  });

  it('may start below a parent that has ended, and change nothing of its record', async () => {
    const tracking = new Tracking();
    const { clock, tracker } = tracking;
    const started = work();
    let later: Promise<void> | undefined;
    await tracking.run(async () => {
      tracker.trackStage('A', () => {
        clock.advance(1);
        later = started.promise.then(() => {
          tracker.trackStage('LATE', () => clock.advance(5));
        });
      });
      await started.end();
      await later;
    });
    expect(tracking.tree).toBe('ROOT(A(LATE))');
    expect(tracking.stage('A')).toMatchObject({ durationMs: 1, selfTimeMs: 1 });
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('have durations and self times that a naive model of intervals agrees with', () => {
    const step = fc.record({
      act: fc.constantFrom('open', 'open', 'end'),
      at: fc.nat(),
      ms: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tracking = new Tracking();
        const { root } = tracking.recorder.openTrace(stageDefinition('S0'), { threadId: 't' });
        const model = [{ stage: root as Stage, parent: -1, from: 0, to: Infinity }];
        for (const { act, at, ms } of steps) {
          tracking.clock.advance(ms);
          const now = tracking.clock.now();
          const chosen = at % model.length;
          const entry = model[chosen]!;
          if (act === 'open') {
            const stage = entry.stage.open(stageDefinition(`S${model.length}`)) as Stage;
            model.push({ stage, parent: chosen, from: now, to: Infinity });
          } else if (chosen > 0 && entry.to === Infinity) {
            entry.stage.succeed();
            entry.to = now;
          }
        }
        root?.succeed();
        const end = tracking.clock.now();
        const expected = model.map(({ from, to }, index) => {
          const until = Math.min(to, end);
          const substages = model.filter(({ parent }) => parent === index);
          const isOpenAt = (ms: number): boolean =>
            substages.some((substage) => substage.from <= ms && ms < Math.min(substage.to, end));
          let selfTimeMs = 0;
          for (let ms = from; ms < until; ms += 1) if (!isOpenAt(ms)) selfTimeMs += 1;
          return {
            stageId: `S${index}`,
            durationMs: until - from,
            selfTimeMs,
            outcome: to > end && index > 0 ? 'cancelled' : 'ok',
          };
        });
        const byNumber = stagesOf(tracking.root).toSorted((a, b) => numberOf(a) - numberOf(b));
        expect(
          byNumber.map(({ stageId, durationMs, selfTimeMs, outcome }) => ({
            stageId,
            durationMs,
            selfTimeMs,
            outcome,
          })),
        ).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

function numberOf({ stageId }: { readonly stageId: string }): number {
  return Number(stageId.slice(1));
}
