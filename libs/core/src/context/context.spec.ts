import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Call, callInContext, currentContext, currentStage, runInStage } from './context.js';
import { stagesOf, Tracking } from '../testing/tracking.js';

describe('the context', () => {
  it('is empty outside every trace, and the tracker does nothing there', () => {
    const { tracker } = new Tracking();
    expect(currentStage()).toBeUndefined();
    expect([tracker.traceId, tracker.threadId, tracker.getExecutionSummary('t')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    tracker.setAttribute('key', 'value');
    tracker.forceTracking();
    expect(tracker.trackStage('A', () => 'plain')).toBe('plain');
    expect(Object.values(tracker.getDropCounts()).every((count) => count === 0)).toBe(true);
  });

  it('has gone when the trace returns, throws or has been left', () => {
    const tracking = new Tracking();
    tracking.run(() => undefined);
    expect(currentStage()).toBeUndefined();
    expect(() =>
      tracking.run(() => {
        throw new Error('thrown');
      }),
    ).toThrow('thrown');
    expect(currentStage()).toBeUndefined();
    tracking.run(() => {
      runInStage(undefined, () => {
        expect(currentStage()).toBeUndefined();
      });
    });
  });

  it('of 1,000 concurrent traces never leaks from one to another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }),
        async (delays) => {
          const tracking = new Tracking();
          const { tracker } = tracking;
          const pause = (kind: number): Promise<unknown> =>
            [
              () => Promise.resolve(),
              () => new Promise(setImmediate),
              () => setTimeout(kind),
              () =>
                new Promise<void>((resolve) => {
                  process.nextTick(resolve);
                }),
            ][kind]?.() ?? Promise.resolve();
          const wrong: unknown[] = [];
          const request = (number: number): Promise<void> =>
            tracker.runTrace(
              'ROOT',
              async () => {
                for (const [index, delay] of delays.entries()) {
                  await tracker.trackStage(`S${index}`, async () => {
                    await pause((delay + number) % 4);
                    tracker.setAttribute('number', number);
                  });
                  if (tracker.threadId !== `thread-${number}`) wrong.push([number, tracker.threadId]);
                }
              },
              { threadId: `thread-${number}` },
            );
          await Promise.all(Array.from({ length: 1_000 }, (_, number) => request(number)));
          expect(wrong).toEqual([]);
          for (let number = 0; number < 1_000; number += 1) {
            const [root] = tracker.getExecutionSummary(`thread-${number}`)?.stages ?? [];
            const [, ...stages] = root === undefined ? [] : stagesOf(root);
            expect(stages.map(({ stageId, attributes }) => [stageId, attributes['number']])).toEqual(
              delays.map((_, index) => [`S${index}`, number]),
            );
          }
          expect(tracking.recorder.openTraceCount).toBe(0);
        },
      ),
      { numRuns: 5 },
    );
  }, 30_000);

  it('of two traces with one thread id is never shared, and each has its own summary', async () => {
    const tracking = new Tracking();
    const { tracker } = tracking;
    const gate = Promise.withResolvers<undefined>();
    const request = (name: string): Promise<void> =>
      tracking.run(async () => {
        await tracker.trackStage(name, () => gate.promise);
        const [root] = tracker.getExecutionSummary('t')?.stages ?? [];
        expect(root?.substages.map((stage) => stage.stageId)).toEqual([name]);
      });
    const both = [request('ONE'), request('OTHER')];
    expect(tracking.recorder.openTraceCount).toBe(2);
    gate.resolve(undefined);
    await Promise.all(both);
    expect(tracking.recorder.history.size).toBe(2);
    expect(new Set(tracking.kept.traces.map(({ traceId }) => traceId)).size).toBe(2);
    expect(tracker.clearThreadData('t')).toBe(2);
  });

  it('goes with nextTick, microtasks, immediates and timers', async () => {
    const tracking = new Tracking();
    const seen: unknown[] = [];
    await tracking.run(() =>
      tracking.tracker.trackStage('A', async () => {
        const note = (): void => {
          seen.push(currentStage()?.stageId);
        };
        process.nextTick(note);
        queueMicrotask(note);
        setImmediate(note);
        await setTimeout(2);
        note();
      }),
    );
    expect(seen).toEqual(['A', 'A', 'A', 'A']);
  });

  it('that was taken is entered again, and left when the call returns, throws or enters something for good', () => {
    const tracking = new Tracking();
    const other = new AsyncLocalStorage<string>();
    tracking.run(() => {
      let taken: unknown;
      const stage = tracking.tracker.trackStage('A', () => {
        taken = currentContext();
        return currentStage();
      });
      const enter = (call: Call): unknown => callInContext(taken, call, undefined, []);
      expect(enter(currentStage)).toBe(stage);
      expect(currentStage()?.stageId).toBe('ROOT');
      expect(() =>
        enter(() => {
          throw new Error('thrown');
        }),
      ).toThrow('thrown');
      expect(currentStage()?.stageId).toBe('ROOT');
      enter(() => {
        other.enterWith('entered');
      });
      expect([other.getStore(), currentStage()?.stageId]).toEqual(['entered', 'ROOT']);
    });
    expect(currentStage()).toBeUndefined();
  });

  it('in a listener is that of whoever emits', () => {
    const tracking = new Tracking();
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    emitter.on('event', () => {
      seen.push(currentStage()?.stageId);
    });
    tracking.run(() => {
      emitter.on('event', () => {
        seen.push(tracking.tracker.trackStage('LISTENER', () => 'in stage'));
      });
      tracking.tracker.trackStage('A', () => emitter.emit('event'));
    });
    emitter.emit('event');
    expect(seen).toEqual(['A', 'in stage', undefined, 'in stage']);
    expect(tracking.tree).toBe('ROOT(A(LISTENER))');
  });

  it('does not reach a timer that was started outside, also while a trace runs', async () => {
    const tracking = new Tracking();
    const seen: unknown[] = [];
    const ticked = Promise.withResolvers<undefined>();
    const timer = setInterval(() => {
      seen.push(currentStage());
      tracking.tracker.trackStage('TICK', () => undefined);
      ticked.resolve(undefined);
    }, 1);
    await tracking.run(() => ticked.promise);
    clearInterval(timer);
    expect(seen[0]).toBeUndefined();
    expect(tracking.tree).toBe('ROOT');
  });

  it('stays that of the awaiting code when a promise was made elsewhere', async () => {
    const tracking = new Tracking();
    const elsewhere = Promise.withResolvers<undefined>();
    const seen = tracking.run(async () => {
      await tracking.tracker.trackStage('A', () => elsewhere.promise);
      return currentStage()?.stageId;
    });
    tracking.tracker.runTrace('OTHER_ROOT', () => {
      elsewhere.resolve(undefined);
    });
    expect(await seen).toBe('ROOT');
  });
});
