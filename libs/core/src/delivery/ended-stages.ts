import type { Letter } from './outbox.js';
import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';

/** Stages in one letter: enough for most requests, and never anything to be copied because it grows. */
export const MOST_STAGES = 12;

// To be copied, which V8 does at once, and knows then what the copies hold.
const NO_STAGES: readonly (Stage | StageDefinition | undefined)[] = Array.from<undefined>({
  length: 2 * MOST_STAGES,
});
const NO_NUMBERS: readonly number[] = Array.from({ length: 2 * MOST_STAGES }, () => Number.NaN);

/** Who takes stages that have ended. */
export interface StageReceiver {
  /** Counts a plain stage that has ended well; false where it has to be handed on as others are. */
  countStage(stage: Stage, definition: StageDefinition, durationMs: number, endedAt: number): boolean;
  /** Told of what throws. */
  deliveryFailed(error: unknown): void;
  /** All of them have been handed on. */
  delivered(stages: EndedStages): void;
}

/**
 * Stages of one trace that have ended, in the order in which they did, until the turn of the event loop is over. Most of
 * them are only counted then, and what that takes stands here side by side: the stages themselves have left the processor's
 * caches meanwhile, and to read one takes longer than to count it. Never used again, because V8 takes longer to put what
 * is new into what is old.
 */
export class EndedStages implements Letter {
  readonly #receiver: StageReceiver;
  /** Two for each: the stage, and the definition of a plain one that ended well. */
  readonly #stages = NO_STAGES.slice();
  /** Two for each: how long it took, and when it ended in epoch milliseconds. */
  readonly #numbers = NO_NUMBERS.slice();
  #end = 0;
  /** The one that is handed on next. */
  #next = 0;

  constructor(receiver: StageReceiver) {
    this.#receiver = receiver;
  }

  /** Whether no more can be added. */
  get isFull(): boolean {
    return this.#end === 2 * MOST_STAGES;
  }

  add(stage: Stage): void {
    const at = this.#end;
    const { durationMs } = stage;
    this.#stages[at] = stage;
    this.#stages[at + 1] = stage.plainDefinition;
    this.#numbers[at] = durationMs;
    this.#numbers[at + 1] = stage.startedAt + durationMs;
    this.#end = at + 2;
  }

  /** Hands on all of them, those added meanwhile included. */
  deliver(): void {
    while (this.#next < this.#end) {
      const at = this.#next;
      this.#next += 2;
      try {
        if (!this.#isCounted(at)) (this.#stages[at] as Stage).deliver();
      } catch (error) {
        this.#receiver.deliveryFailed(error);
      }
    }
    this.#receiver.delivered(this);
  }

  deliverRest(): void {
    this.deliver();
  }

  #isCounted(at: number): boolean {
    const definition = this.#stages[at + 1] as StageDefinition | undefined;
    if (definition === undefined) return false;
    const [durationMs, endedAt] = [this.#numbers[at] as number, this.#numbers[at + 1] as number];
    return this.#receiver.countStage(this.#stages[at] as Stage, definition, durationMs, endedAt);
  }
}
