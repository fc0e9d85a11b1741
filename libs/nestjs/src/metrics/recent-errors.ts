/** What counts as recent, in milliseconds. */
export const WINDOW_MS = 300_000;

/** Of two readings that are closer together than this the second says nothing new. */
const RESOLUTION_MS = 10_000;

/**
 * By how much a total has grown in the last five minutes, as far as it was read: where two readings are further apart,
 * all that came between them is recent.
 */
export class RecentErrors {
  #readings = [{ atMs: -Infinity, total: 0 }];

  /** Readings that are remembered. */
  get size(): number {
    return this.#readings.length;
  }

  /** @param nowMs A reading of a monotonic clock. */
  inWindow(total: number, nowMs: number): number {
    const base = this.#readings.findLastIndex(({ atMs }) => atMs <= nowMs - WINDOW_MS);
    this.#readings = this.#readings.slice(Math.max(0, base));
    const recent = total - (this.#readings[0]?.total ?? 0);
    const latest = this.#readings.at(-1)?.atMs ?? -Infinity;
    if (nowMs - latest >= RESOLUTION_MS) this.#readings.push({ atMs: nowMs, total });
    return recent;
  }
}
