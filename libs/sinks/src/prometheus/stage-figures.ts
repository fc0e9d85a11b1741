import type { Outcome, StageExecution, TraceIdentity } from '@followspot/core';
import { STAGE_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByLabel, type LabelValues } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowCount } from './window.js';

const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'cancelled'];

/** Executions of one stage. */
export class OneStageFigures {
  readonly labels: Labels;
  readonly outcomeLabels: readonly Labels[];
  readonly durations = new Histogram(STAGE_BUCKETS);
  readonly succeeded: WindowCount;
  ok = 0;
  error = 0;
  cancelled = 0;

  constructor(stage: string, clock: WindowClock) {
    this.labels = { stage };
    this.outcomeLabels = OUTCOMES.map((outcome) => ({ stage, outcome }));
    this.succeeded = new WindowCount(clock);
  }

  add(outcome: Outcome): void {
    if (outcome === 'ok') this.ok += 1;
    else if (outcome === 'error') this.error += 1;
    else this.cancelled += 1;
    this.succeeded.add(outcome !== 'error');
  }
}

/** What is counted of every stage, whatever its kind. */
export class StageFigures {
  readonly #stages: ByLabel<OneStageFigures>;

  constructor(stages: LabelValues, clock: WindowClock) {
    this.#stages = new ByLabel(stages, (stage) => new OneStageFigures(stage, clock));
  }

  record(execution: StageExecution, trace: TraceIdentity): void {
    const stage = this.#stages.get(execution.stageId);
    stage.add(execution.outcome);
    stage.durations.observeStage(execution, trace);
  }

  /** The figures of one stage id. */
  of(stageId: string): OneStageFigures {
    return this.#stages.get(stageId);
  }

  totals(): Sample[] {
    return [...this.#stages.all()].flatMap((stage) =>
      OUTCOMES.flatMap((outcome, index) => {
        const labels = stage.outcomeLabels[index];
        return labels === undefined ? [] : [sampleOf(labels, stage[outcome])];
      }),
    );
  }

  successRates(): Sample[] {
    return [...this.#stages.all()].flatMap(({ labels, succeeded: { share } }) =>
      share === undefined ? [] : [sampleOf(labels, share)],
    );
  }

  durations(name: string): Sample[] {
    const samples: Sample[] = [];
    for (const { durations, labels } of this.#stages.all()) durations.addTo(samples, name, labels);
    return samples;
  }
}
