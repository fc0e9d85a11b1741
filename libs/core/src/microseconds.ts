/** Milliseconds with three decimals, never negative: finer digits are noise in every line and answer. */
export function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1_000) / 1_000);
}
