/** Differences of two such numbers are exact as well. */
const LARGEST = 2 ** 51;

/** A time in whole microseconds; -1 where it would not come back as it is. @param milliseconds Any number but -0. */
export function wholeMicroseconds(milliseconds: number): number {
  const whole = Math.round(milliseconds * 1_000);
  return whole >= 0 && whole <= LARGEST && whole / 1_000 === milliseconds ? whole : -1;
}
