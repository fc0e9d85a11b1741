// The traces that benchmarks of memory and reading fill the engine with: a request with ten stages, one after the other,
// none of which has an attribute unless it says so.
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import {
  type Attributes,
  type Clock,
  type Recorder,
  type StageDefinition,
  stageDefinition,
} from '@followspot/core';

/** Stages below the root. */
export const STAGES = 10;
/** All stages of a trace. */
export const STAGES_PER_TRACE = STAGES + 1;

/** Opens a trace, its stages, and ends them all. */
export class TraceMaker {
  readonly #recorder: Recorder;
  readonly #root = stageDefinition('HTTP.1_REQUEST', { kind: 'request' });
  readonly #stages: readonly StageDefinition[];
  #count = 0;

  /** @param stageIds How many different ids the stages have; with 1 they are executions of one. */
  constructor(recorder: Recorder, stageIds = STAGES) {
    this.#recorder = recorder;
    this.#stages = Array.from({ length: STAGES }, (_, index) => stageDefinition(stageIdOf(index % stageIds)));
  }

  /**
   * Makes so many traces.
   * @param attributesOf What each stage finds out.
   * @returns The thread id of the last one.
   */
  make(traces: number, attributesOf?: (count: number) => Attributes): string {
    let threadId = '';
    for (let trace = 0; trace < traces; trace += 1) {
      const opened = this.#recorder.openTrace(this.#root);
      threadId = opened.threadId;
      for (const definition of this.#stages) {
        this.#count += 1;
        const stage = opened.root?.open(definition, attributesOf?.(this.#count));
        stage?.succeed();
      }
      opened.root?.succeed();
    }
    // As the end of the turn of the event loop would.
    this.#recorder.deliver();
    return threadId;
  }
}

/** The id of one of the stages. */
export function stageIdOf(index: number): string {
  return `${index + 1}.0_STEP`;
}

/** A clock by which a stage takes from 16 microseconds to a second, each magnitude as often as any other. */
export class ImaginaryClock implements Clock {
  readonly #startedAt = Date.now();
  #nowMs = 0;
  #seed = 1;

  now(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    this.#nowMs += 2 ** ((this.#seed / 2 ** 32) * 16 - 6);
    return this.#nowMs;
  }

  wallNow(): number {
    return this.#startedAt + Math.round(this.#nowMs);
  }
}
