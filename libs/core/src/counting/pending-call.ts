import { isFinished, settleInBetween } from '../completion/complete.js';
import type { Settlement } from '../completion/promise.js';
import { countStage, stageSince } from './count-stage.js';
import type { PendingCalls } from './pending-calls.js';
import { isAbortError } from '../stage/is-abort-error.js';
import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Outcome } from '../stage/stage-execution.js';

/**
 * A call that has returned a promise, and whose stage is counted when that settles. It becomes a stage like any other
 * where its trace does not wait for it, or the promise comes to a stream. One that was counted is used again for the next
 * call, with the two functions that its promise had: most calls of a trace come one after the other.
 */
export class PendingCall implements Settlement {
  /** Its neighbours among the pending calls of its trace, which sets them. */
  before: PendingCall | undefined = undefined;
  after: PendingCall | undefined = undefined;
  readonly #calls: PendingCalls;
  readonly #root: Stage;
  #definition: StageDefinition;
  #startMs: number;
  #isPending = true;
  #stage: Stage | undefined = undefined;

  constructor(calls: PendingCalls, root: Stage, definition: StageDefinition, startMs: number) {
    this.#calls = calls;
    this.#root = root;
    this.#definition = definition;
    this.#startMs = startMs;
  }

  /** Makes another call of one that was counted. */
  begin(definition: StageDefinition, startMs: number): void {
    this.#definition = definition;
    this.#startMs = startMs;
    this.#isPending = true;
  }

  readonly fulfilled = (value: unknown): unknown => {
    if (this.#isPending && isFinished(this.#root, value)) {
      this.#count('ok');
      return value;
    }
    this.promote();
    return this.#stage === undefined ? value : settleInBetween(this.#stage, value, undefined);
  };

  readonly rejected = (error: unknown): never => {
    if (this.#isPending) this.#count(isAbortError(error) ? 'cancelled' : 'error');
    else this.#stage?.fail(error);
    throw error;
  };

  /** Makes a stage of it, running since the call. */
  promote(): void {
    if (!this.#isPending) return;
    this.#leave();
    this.#stage = stageSince(this.#root, this.#definition, this.#startMs);
  }

  #count(outcome: Outcome): void {
    this.#leave();
    countStage(this.#root, this.#definition, outcome, this.#startMs);
    this.#calls.giveBack(this);
  }

  #leave(): void {
    this.#isPending = false;
    this.#calls.remove(this);
  }
}
