import type { Letter } from '../delivery/outbox.js';
import type { StageStart } from '../delivery/sink.js';
import type { Stage } from '../stage/stage.js';

/** Tells the sinks of a kept trace that a stage has started, as it was when it started. */
export class StartNotice implements Letter {
  readonly #stage: Stage;
  readonly #stageName: string;
  readonly #attributes: StageStart['attributes'];
  readonly #isForSampled: boolean;

  /** @param isForSampled Whether only the sampler keeps the trace, and has not been asked yet. */
  constructor(stage: Stage, isForSampled: boolean) {
    this.#stage = stage;
    this.#stageName = stage.stageName;
    this.#attributes = { ...stage.attributes };
    this.#isForSampled = isForSampled;
  }

  deliver(): void {
    const { trace, stageId, kind, startedAt, metadata } = this.#stage;
    const { keptBecause } = trace;
    if (keptBecause === undefined || (this.#isForSampled && keptBecause !== 'sampled')) return;
    const [stageName, attributes] = [this.#stageName, this.#attributes];
    trace.recorder.kept.started({ stageId, stageName, kind, startedAt, attributes, metadata }, trace);
  }
}
