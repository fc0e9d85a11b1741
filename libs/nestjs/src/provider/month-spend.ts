import { picoOf, type PicoUnits, unitsOf } from '@followspot/core';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What is spent in one calendar month, UTC, to the last millionth of a millionth. Times are epoch milliseconds. */
export class MonthSpend {
  readonly #startMs: number;
  readonly #endMs: number;
  /** Since when everything that was spent is in the sum. */
  #sinceMs: number;
  #spent: PicoUnits = 0n;
  /** Calls that are not in the sum. */
  uncountedCalls = 0;

  /** @param sinceMs Since when it counts; what was before is unknown. */
  constructor(sinceMs: number) {
    const date = new Date(sinceMs);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    this.#startMs = Date.UTC(year, month);
    this.#endMs = Date.UTC(year, month + 1);
    this.#sinceMs = sinceMs;
  }

  /** The month that is running: this one, or a new one that counts from its first moment. */
  at(nowMs: number): MonthSpend {
    // A clock that is put right by a little around midnight does not bring the old month back.
    if (nowMs >= this.#startMs - DAY_MS && nowMs < this.#endMs) return this;
    const next = new MonthSpend(nowMs);
    return nowMs < this.#endMs ? next : next.#whole();
  }

  /** `2026-11` */
  get name(): string {
    return new Date(this.#startMs).toISOString().slice(0, 7);
  }

  get spent(): PicoUnits {
    return this.#spent;
  }

  get countedSince(): string {
    return new Date(this.#sinceMs).toISOString();
  }

  add(amount: PicoUnits): void {
    this.#spent += amount;
  }

  /** Says what was spent in the month before it was counted. */
  before(amount: PicoUnits): void {
    this.add(amount);
    this.#whole();
  }

  /**
   * What will have been spent when the month is over, if it goes on as it did since it is counted; undefined within
   * the first hour of that.
   */
  forecast(nowMs: number): number | undefined {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs < HOUR_MS) return undefined;
    const spent = unitsOf(this.#spent);
    return unitsOf(picoOf(spent + (spent * (this.#endMs - nowMs)) / elapsedMs));
  }

  #whole(): this {
    this.#sinceMs = this.#startMs;
    return this;
  }
}
