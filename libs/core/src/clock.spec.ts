import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { steadyClock, systemClock } from './clock.js';
import { ExecutionTracker } from './execution-tracker.js';
import { Recorder } from './recorder.js';

/** A clock whose readings are given; what is a function is called, and may throw. */
function clockOf(
  readings: readonly (number | (() => number))[],
  wallNow: () => number = () => 1,
): typeof systemClock {
  const left = [...readings];
  return {
    now: () => {
      const reading = left.shift() ?? 0;
      return typeof reading === 'function' ? reading() : reading;
    },
    wallNow,
  };
}

function broken(): number {
  throw new Error('no clock here');
}

describe('systemClock', () => {
  it('reads what has taken the place of the global performance, from the next trace on', () => {
    const real = Object.getOwnPropertyDescriptor(globalThis, 'performance');
    const tracker = new ExecutionTracker(new Recorder({ sampleRate: 1 }));
    const durationOf = (threadId: string, work: () => unknown): number | undefined => {
      tracker.runTrace('ROOT', () => tracker.trackStage('A', work), { threadId });
      return tracker.getExecutionSummary(threadId)?.stages[0]?.substages[0]?.durationMs;
    };
    let nowMs = 5;
    try {
      Object.defineProperty(globalThis, 'performance', { configurable: true, value: { now: () => nowMs } });
      expect(durationOf('fake', () => (nowMs += 7))).toBe(7);
    } finally {
      Object.defineProperty(globalThis, 'performance', real ?? {});
    }
    nowMs = -1_000;
    expect(durationOf('real', () => (nowMs += 1e9))).toBeLessThan(60_000);
    expect(systemClock.now()).toBeLessThanOrEqual(performance.now());
  });
});

describe('steadyClock', () => {
  it('leaves the system clock as it is', () => {
    expect(steadyClock(systemClock)).toBe(systemClock);
  });

  it('passes on the readings of a sound clock, whatever their origin', () => {
    const clock = steadyClock(clockOf([-500.5, -100, 0, 7.25]));
    expect([clock.now(), clock.now(), clock.now(), clock.now()]).toEqual([-500.5, -100, 0, 7.25]);
  });

  it('stands still where a clock throws, runs backwards or is no number', () => {
    const clock = steadyClock(clockOf([10, broken, NaN, 5, Infinity, -Infinity, 12]));
    expect(Array.from({ length: 7 }, () => clock.now())).toEqual([10, 10, 10, 10, 10, 10, 12]);
  });

  it('starts at 0 with a clock that is broken from the first reading', () => {
    const clock = steadyClock(clockOf([broken, NaN, 3]));
    expect([clock.now(), clock.now(), clock.now()]).toEqual([0, 0, 3]);
  });

  it('is finite and never runs back, whatever the clock says', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double(), fc.constant(broken)), { minLength: 2 }), (readings) => {
        const clock = steadyClock(clockOf(readings));
        const seen = readings.map(() => clock.now());
        expect(seen.every((now, index) => Number.isFinite(now) && now >= (seen[index - 1] ?? now))).toBe(
          true,
        );
      }),
    );
  });

  it.each([
    ['throws', broken],
    ['is NaN', () => NaN],
  ])('takes the system wall time where a wall clock %s', (_, wall) => {
    const before = Date.now();
    const now = steadyClock(clockOf([], wall)).wallNow();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('lets the wall clock be set back, which changes timestamps and not durations', () => {
    const wall = [2_000, 1_000];
    const clock = steadyClock(clockOf([], () => wall.shift() ?? 0));
    expect([clock.wallNow(), clock.wallNow()]).toEqual([2_000, 1_000]);
  });
});
