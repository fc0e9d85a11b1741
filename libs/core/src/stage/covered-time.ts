/** From when to when something ran, readings of the monotonic clock. */
export type Span = readonly [fromMs: number, toMs: number];

/**
 * How much of a stage's time its substages cover, which is what its self time leaves out. Substages that run side by
 * side cover it once. Most stages have no substage and none of these.
 */
export class CoveredTime {
  #running = 0;
  /** Since when it has been covered, or until when it was. */
  #sinceMs = 0;
  #beforeMs = 0;

  /** A substage runs from now on. */
  substageRuns(now: number): void {
    if (this.#running === 0) this.#sinceMs = now;
    this.#running += 1;
  }

  /** Whether a substage that has been running since `startMs` was running side by side with others so far. */
  hasCoveredSince(startMs: number): boolean {
    return startMs < this.#sinceMs;
  }

  /** A substage turns out to have been running since `startMs`, side by side with these others. */
  substageHasRun(startMs: number, now: number, others: readonly Span[]): void {
    this.#beforeMs = this.totalMs(now) - coveredSince(startMs, others);
    this.#sinceMs = startMs;
    this.#running += 1;
  }

  /** A substage does not run any longer. Only where the stage's own clock goes, its time was covered. */
  substagePauses(now: number, isClockGoing: boolean): void {
    this.#running -= 1;
    if (this.#running > 0 || !isClockGoing) return;
    this.#beforeMs += now - this.#sinceMs;
    this.#sinceMs = now;
  }

  /** The stage's own clock stops. */
  stop(now: number): void {
    this.#beforeMs = this.totalMs(now);
    this.#sinceMs = now;
  }

  /** The stage's own clock goes on. */
  goOn(now: number): void {
    this.#sinceMs = now;
  }

  /** The time covered before the clock stopped. */
  get stoppedMs(): number {
    return this.#beforeMs;
  }

  /** The time covered so far, while the clock goes. */
  totalMs(now: number): number {
    return this.#running > 0 ? this.#beforeMs + (now - this.#sinceMs) : this.#beforeMs;
  }
}

function coveredSince(startMs: number, spans: readonly Span[]): number {
  let coveredMs = 0;
  let untilMs = startMs;
  for (const [fromMs, toMs] of spans.toSorted(([one], [other]) => one - other)) {
    coveredMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return coveredMs;
}
