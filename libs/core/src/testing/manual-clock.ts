import type { Clock } from '../clock.js';

/** A clock that moves only when it is told to, so that durations can be claimed to the microsecond. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #wallStartMs = Date.UTC(2026, 10, 21);

  now(): number {
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  advance(milliseconds: number): void {
    this.#nowMs += milliseconds;
  }
}
