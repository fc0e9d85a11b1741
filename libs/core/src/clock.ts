/** Two clocks: durations come from the monotonic one, timestamps from the wall. Never mixed. */
export interface Clock {
  /** Milliseconds of a monotonic clock with an arbitrary origin. */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
}

/** `performance.now()` and `Date.now()`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
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
