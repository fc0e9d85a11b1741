import { isFinished, settleInBetween } from '../completion/complete.js';
import type { Settlement } from '../completion/promise.js';
import { countStage, stageSince } from './count-stage.js';
import { isAbortError } from '../stage/is-abort-error.js';
import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Outcome } from '../stage/stage-execution.js';

/**
 * A call that has returned a promise, and whose stage is counted when that settles. It becomes a stage like any other
 * where its trace does not wait for it, or the promise comes to a stream.
 */
export class PendingCall implements Settlement {
  /** Its neighbours among the pending calls of its trace, which sets them. */
  before: PendingCall | undefined = undefined;
  after: PendingCall | undefined = undefined;
  readonly #parent: Stage;
  readonly #definition: StageDefinition;
  readonly #startMs: number;
  #isPending = true;
  #stage: Stage | undefined = undefined;

  constructor(parent: Stage, definition: StageDefinition, startMs: number) {
    this.#parent = parent;
    this.#definition = definition;
    this.#startMs = startMs;
  }

  fulfilled(value: unknown): unknown {
    if (this.#isPending && isFinished(this.#parent, value)) {
      this.#count('ok');
      return value;
    }
    this.promote();
    return this.#stage === undefined ? value : settleInBetween(this.#stage, value, undefined);
  }

  rejected(error: unknown): void {
    if (this.#isPending) this.#count(isAbortError(error) ? 'cancelled' : 'error');
    else this.#stage?.fail(error);
  }

  /** Makes a stage of it, running since the call. */
  promote(): void {
    if (!this.#isPending) return;
    this.#leave();
    this.#stage = stageSince(this.#parent, this.#definition, this.#startMs);
  }

  #count(outcome: Outcome): void {
    this.#leave();
    countStage(this.#parent, this.#definition, outcome, this.#startMs);
  }

  #leave(): void {
    this.#isPending = false;
    this.#parent.trace.pending.remove(this);
  }
}
