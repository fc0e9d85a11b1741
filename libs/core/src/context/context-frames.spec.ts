import { execFile } from 'node:child_process';
import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { currentStage } from './context.js';
import { findContextFrames } from './context-frames.js';
import { Tracking } from '../testing/tracking.js';

const HAS_FRAMES = !process.execArgv.includes('--no-async-context-frame');
const CORE = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Overflows the stack `times` over, each time with a stage at every level, and says how often the context was lost. */
function lossesBy(times: number, tracking: Tracking): number {
  let losses = 0;
  const descend = (level: number): number => {
    // Now and then a stage is entered with the stack almost used up, or left.
    tracking.tracker.trackStage('LEAF', () => level);
    return descend(level + 1) + 1;
  };
  for (let time = 0; time < times; time += 1) {
    tracking.run(() => {
      const here = currentStage();
      const asyncId = executionAsyncId();
      // Another place for the overflow each time.
      const padded = (depth: number): number => (depth === 0 ? descend(0) : padded(depth - 1) + 1);
      // Of whichever realm: where a function of Node's overflows, the error is not one of Jest's.
      expect(() => padded(time % 50)).toThrow('Maximum call stack size exceeded');
      if (currentStage() !== here || executionAsyncId() !== asyncId) losses += 1;
    });
  }
  return losses;
}

describe('entering a stage', () => {
  it('uses the frames of this Node, which keeps contexts in frames', () => {
    expect(findContextFrames() !== undefined).toBe(HAS_FRAMES);
  });

  it('leaves no trace in the context, neither of a stage nor of having tried', () => {
    const frames = findContextFrames();
    const before = frames?.current();
    new Tracking().run(() => undefined);
    findContextFrames();
    expect(frames?.current()).toBe(before);
  });

  it('keeps what other storages hold, inside and after, also when the work throws', () => {
    const tracking = new Tracking();
    const other = new AsyncLocalStorage<string>();
    other.run('outside', () => {
      expect(() =>
        tracking.run(() => {
          expect(other.getStore()).toBe('outside');
          other.run('inside', () => {
            tracking.tracker.trackStage('A', () => {
              expect(other.getStore()).toBe('inside');
              expect(currentStage()?.stageId).toBe('A');
            });
            expect([other.getStore(), currentStage()?.stageId]).toEqual(['inside', 'ROOT']);
          });
          expect([other.getStore(), currentStage()?.stageId]).toEqual(['outside', 'ROOT']);
          throw new Error('thrown');
        }),
      ).toThrow('thrown');
      expect([other.getStore(), currentStage()]).toEqual(['outside', undefined]);
    });
  });

  it('does not undo what the work has entered for good in another storage', () => {
    const tracking = new Tracking();
    const other = new AsyncLocalStorage<string>();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => {
        tracking.tracker.trackStage('A1', () => {
          other.enterWith('entered');
        });
        expect([other.getStore(), currentStage()?.stageId]).toEqual(['entered', 'A']);
      });
      expect([other.getStore(), currentStage()?.stageId]).toEqual(['entered', 'ROOT']);
    });
    expect([other.getStore(), currentStage()]).toEqual(['entered', undefined]);
  });

  it('lets another storage be entered, left, captured and given up where nothing else was in use', async () => {
    const tracking = new Tracking();
    const other = new AsyncLocalStorage<string>();
    const here = (): unknown[] => [other.getStore(), currentStage()?.stageId];
    await tracking.tracker.runTrace('ROOT', async () => {
      expect(here()).toEqual([undefined, 'ROOT']);
      other.disable();
      expect(here()).toEqual([undefined, 'ROOT']);
      const inRoot = AsyncLocalStorage.snapshot();
      await tracking.tracker.trackStage('A', async () => {
        await other.run('inside', async () => {
          expect(here()).toEqual(['inside', 'A']);
          await new Promise(setImmediate);
          expect(here()).toEqual(['inside', 'A']);
          expect(inRoot(here)).toEqual([undefined, 'ROOT']);
          other.disable();
          expect(here()).toEqual([undefined, 'A']);
        });
        expect(here()).toEqual([undefined, 'A']);
      });
      expect(here()).toEqual([undefined, 'ROOT']);
    });
    expect(here()).toEqual([undefined, undefined]);
  });

  it('goes on in what was started inside, side by side with the stages that follow', async () => {
    const tracking = new Tracking();
    const other = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await tracking.run(async () => {
      const works = ['A', 'B'].map((stageId) =>
        other.run(stageId, () =>
          tracking.tracker.trackStage(stageId, async () => {
            await new Promise(setImmediate);
            seen.push([stageId, currentStage()?.stageId, other.getStore()]);
          }),
        ),
      );
      seen.push(['after', currentStage()?.stageId, other.getStore()]);
      await Promise.all(works);
    });
    expect(seen).toEqual([
      ['after', 'ROOT', undefined],
      ['A', 'A', 'A'],
      ['B', 'B', 'B'],
    ]);
  });

  it('is the same with async hooks on', async () => {
    const nothing = (): void => undefined;
    const hook = createHook({ init: nothing, before: nothing, after: nothing, destroy: nothing }).enable();
    try {
      const tracking = new Tracking();
      const asyncId = executionAsyncId();
      await tracking.run(async () => {
        await tracking.tracker.trackStage('A', async () => {
          await new Promise(setImmediate);
          tracking.tracker.trackStage('A1', () => expect(currentStage()?.stageId).toBe('A1'));
        });
      });
      expect(tracking.tree).toBe('ROOT(A(A1))');
      expect(executionAsyncId()).not.toBe(asyncId);
    } finally {
      hook.disable();
    }
  });

  it('survives stack overflows, wherever they happen', () => {
    const tracking = new Tracking({ limits: { stagesPerTrace: 1_000_000 } });
    expect(lossesBy(100, tracking)).toBe(0);
    expect(tracking.recorder.openTraceCount).toBe(0);
  });

  // A frame that cannot be copied to its end is what a stack overflow leaves, and in a test it happens for certain.
  (HAS_FRAMES ? it : it.skip)('leaves the frame that was there when it fails half-way', () => {
    const frames = findContextFrames();
    const [first, second] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()];
    first.run('first', () => {
      second.run('second', () => {
        const frame = frames?.current();
        const overflow = new RangeError('Maximum call stack size exceeded');
        const fail = (): never => {
          throw overflow;
        };
        Object.defineProperty(frame, 'forEach', { value: fail });
        expect(() => new Tracking().run(() => 'not reached')).toThrow(overflow);
        expect(frames?.current() === frame).toBe(true);
        expect([first.getStore(), second.getStore(), currentStage()]).toEqual(['first', 'second', undefined]);
      });
    });
  });
});

// The tests of the context again, in a Node whose contexts are no frames.
(HAS_FRAMES ? describe : describe.skip)('without frames', () => {
  it('everything is the same', async () => {
    const jest = fileURLToPath(import.meta.resolve('jest/bin/jest'));
    const config = join(CORE, '../../jest.preset.js');
    const flags = ['--no-async-context-frame', '--experimental-vm-modules', jest];
    const tests = ['--config', config, '--rootDir', CORE, '--runInBand', 'src/context'];
    // Nx asks for colours.
    const env = { ...process.env, FORCE_COLOR: '0' };
    const { stderr } = await promisify(execFile)(process.execPath, [...flags, ...tests], { env });
    expect(stderr).toMatch(/Test Suites: 2 passed/);
  }, 120_000);
});
