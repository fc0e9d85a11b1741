/** Two clocks: durations come from the monotonic one, timestamps from the wall. Never mixed. */
export interface Clock {
  /** Milliseconds of a monotonic clock with an arbitrary origin. */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
}

/** Kept here, because the global is a getter that takes a tenth of a reading. */
let monotonic = performance;

/**
 * `performance.now()` and `Date.now()`. Where somebody exchanges the global `performance`, as fake timers in tests do, that
 * is noticed with the next reading of the wall clock, which every trace starts with.
 */
export const systemClock: Clock = {
  now: () => monotonic.now(),
  wallNow: () => {
    if (monotonic !== performance) monotonic = performance;
    return Date.now();
  },
};

/** A clock that a faulty implementation cannot use to break a request: it never throws, runs back or stops being a number. */
export function steadyClock(clock: Clock): Clock {
  if (clock === systemClock) return clock;
  // Undefined at first and not 0: the origin is arbitrary, so readings may be negative.
  let lastNow: number | undefined;
  return {
    now: () => {
      const now = readOr(lastNow ?? 0, () => clock.now());
      lastNow = Math.max(now, lastNow ?? now);
      return lastNow;
    },
    wallNow: () => readOr(Date.now(), () => clock.wallNow()),
  };
}

function readOr(fallback: number, read: () => number): number {
  try {
    const value = read();
    return Number.isFinite(value) ? value : fallback;
  } catch {
    return fallback;
  }
}
