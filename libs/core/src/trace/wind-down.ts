import { microseconds } from '../microseconds.js';
import type { StageExecution } from '../stage/stage-execution.js';

/** The attribute of a stage that ended by itself after its trace was aborted: milliseconds from abort to end. */
export const ABORT_LAG = 'abortLagMs';

/**
 * The time from the abort of a trace to the end of the last stage that was running then. Stages get a grace time to
 * stop by themselves; how long they took is what tells whether the work behind an answer heeds the signal.
 */
export class WindDown {
  /** The monotonic reading at which nobody was waiting any longer. */
  readonly abortedAtMs: number;
  /** Ended stages that wait to be handed on and ended before the abort: these were not abandoned. */
  #stagesBefore: number;
  #isTellingOfBefore = false;
  #lagMs: number | undefined;
  #running = new Set<StageExecution>();
  #onStopped: (() => void) | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(abortedAtMs: number, stagesBefore: number) {
    this.abortedAtMs = abortedAtMs;
    this.#stagesBefore = stagesBefore;
  }

  /** While a sink is told of a stage: whether that ended before the abort. */
  get isTellingOfBefore(): boolean {
    return this.#isTellingOfBefore;
  }

  /** A stage is handed on now. */
  tells(): void {
    this.#isTellingOfBefore = this.#stagesBefore > 0;
    if (this.#isTellingOfBefore) this.#stagesBefore -= 1;
  }

  /** Sinks have been told of it. */
  hasTold(): void {
    this.#isTellingOfBefore = false;
  }

  /** Milliseconds until the last stage had stopped by itself; undefined when none did. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Stages that have not stopped: so far, and once the trace has ended for good. */
  get unstoppedStages(): number {
    return this.#running.size;
  }

  /** Calls `onStopped` once: when all these stages have ended, at once if there are none, at the latest after the grace. */
  wait(running: Iterable<StageExecution>, graceMs: number, onStopped: () => void): void {
    this.#running = new Set(running);
    if (this.#running.size === 0) {
      onStopped();
      return;
    }
    this.#onStopped = onStopped;
    this.#deadline = setTimeout(() => {
      this.#stopped();
    }, graceMs);
    // Whoever closes the recorder waits for open traces; nothing else has to stay alive for this one.
    this.#deadline.unref();
  }

  /** A stage ends by itself after the abort. Returns how long that took, in milliseconds. */
  lagAt(nowMs: number): number {
    this.#lagMs = microseconds(Math.max(0, nowMs - this.abortedAtMs));
    return this.#lagMs;
  }

  /** A stage has ended, in whatever way. */
  ended(stage: StageExecution): void {
    if (this.#onStopped === undefined) return;
    this.#running.delete(stage);
    if (this.#running.size === 0) this.#stopped();
  }

  #stopped(): void {
    clearTimeout(this.#deadline);
    const onStopped = this.#onStopped;
    // What the end of the trace then closes has not stopped by itself.
    this.#onStopped = undefined;
    onStopped?.();
  }
}
