import type { DropCounts } from './drop-counts.js';
import type { CountedStage, Sink, StageCounter } from './sink.js';
import type { Deliveries, InternalErrorReporter } from './sink-fan-out.js';
import { microseconds } from './microseconds.js';
import type { StageDefinition } from './stage-definition.js';
import type { Outcome } from './stage-execution.js';
import { OTHER_STAGE_ID, type StageIds } from './stage-id.js';

/** A sink that can count without records. */
type CountingSink = Sink & Required<Pick<Sink, 'counterOf'>>;

/** Whether every one of these sinks counts plain stages without records of them. */
export function canCount(sinks: readonly Sink[]): sinks is readonly CountingSink[] {
  return sinks.every((sink) => sink.counterOf !== undefined);
}

/** Whether nothing of a stage is known but how long it took and how it ended. */
export function isPlain({ kind, listener, forCall, followThenable }: StageDefinition): boolean {
  const isKindCounted = kind === 'internal' || kind === 'retrieval';
  return isKindCounted && listener === undefined && forCall === undefined && !followThenable;
}

/** Counts stages that nobody records: per stage id it asks every sink once what counts it, and remembers that. */
export class StageCounts {
  readonly #sinks: readonly CountingSink[];
  readonly #stageIds: StageIds;
  readonly #drops: DropCounts;
  readonly #deliveries: Deliveries;
  readonly #report: InternalErrorReporter;
  /** By stage id; one stage id may have several definitions. */
  readonly #counts = new Map<string, StageCount>();

  constructor(
    sinks: readonly CountingSink[],
    stageIds: StageIds,
    drops: DropCounts,
    deliveries: Deliveries,
    report: InternalErrorReporter,
  ) {
    this.#sinks = sinks;
    this.#stageIds = stageIds;
    this.#drops = drops;
    this.#deliveries = deliveries;
    this.#report = report;
  }

  /**
   * Counts one execution.
   * @param endedAt Epoch milliseconds.
   */
  add(definition: StageDefinition, outcome: Outcome, durationMs: number, endedAt: number): void {
    const { lastCount } = definition;
    const count = lastCount?.owner === this ? lastCount : this.#countOf(definition);
    this.#deliveries.depth += 1;
    count.add(outcome, durationMs, endedAt);
    this.#deliveries.depth -= 1;
  }

  #countOf(definition: StageDefinition): StageCount {
    const { stageId, kind } = definition;
    if (!this.#stageIds.admits(stageId)) {
      this.#drops.stageIds += 1;
      return this.#countUnder(OTHER_STAGE_ID, kind);
    }
    const count = this.#countUnder(stageId, kind);
    definition.lastCount = count;
    return count;
  }

  #countUnder(stageId: string, kind: StageDefinition['kind']): StageCount {
    const key = `${kind} ${stageId}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = new StageCount(this, this.#sinks, this.#report, { stageId, kind });
      this.#counts.set(key, count);
    }
    return count;
  }
}

/** The counters of one stage id. One object tells all of them of all its executions. */
export class StageCount {
  readonly #names: string[] = [];
  readonly #counters: StageCounter[] = [];
  readonly #told: { -readonly [K in keyof CountedStage]: CountedStage[K] };
  readonly #report: InternalErrorReporter;

  constructor(
    readonly owner: StageCounts,
    sinks: readonly CountingSink[],
    report: InternalErrorReporter,
    stage: Pick<CountedStage, 'stageId' | 'kind'>,
  ) {
    this.#report = report;
    this.#told = { ...stage, outcome: 'ok', durationMs: 0, endedAt: 0 };
    for (const sink of sinks) {
      try {
        this.#counters.push(sink.counterOf(stage.stageId, stage.kind));
        this.#names.push(sink.name);
      } catch (error) {
        report(`sink ${sink.name}`, error);
      }
    }
  }

  add(outcome: Outcome, durationMs: number, endedAt: number): void {
    const told = this.#told;
    told.outcome = outcome;
    told.durationMs = microseconds(durationMs);
    told.endedAt = endedAt;
    const counters = this.#counters;
    for (let at = 0; at < counters.length; at += 1) {
      try {
        (counters[at] as StageCounter)(told);
      } catch (error) {
        this.#report(`sink ${this.#names[at] ?? ''}`, error);
      }
    }
  }
}
