import type { DropCounts } from '../drop-counts.js';
import type { CountedStage, Sink } from '../delivery/sink.js';
import { type Deliveries, type InternalErrorReporter, watchRejection } from '../delivery/sink-fan-out.js';
import { microseconds } from '../microseconds.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Outcome, StageKind } from '../stage/stage-execution.js';
import { OTHER_STAGE_ID, type StageIds } from '../stage/stage-id.js';
import type { LatestExecutions, StatisticsSink } from '../statistics/stage-statistics.js';

/** A sink that can count without records. */
type CountingSink = Sink & Required<Pick<Sink, 'counterOf'>>;

/** A counter as it may turn out to be at run time: an async function satisfies a signature that returns nothing. */
type CalledCounter = (stage: CountedStage) => unknown;

/** Whether every one of these sinks counts plain stages without records of them. */
export function canCount(sinks: readonly Sink[]): sinks is readonly CountingSink[] {
  return sinks.every((sink) => sink.counterOf !== undefined);
}

/** Whether nothing of a stage is known but how long it took and how it ended. */
export function isPlain({ kind, listener, forCall, followThenable }: StageDefinition): boolean {
  return isPlainKind(kind) && listener === undefined && forCall === undefined && !followThenable;
}

/**
 * Whether stages below a root of this kind may be counted: what they set as attributes is set on the root then, and sinks
 * must not take it for what the root measured. A request sets its own last.
 */
export function isCountedBelow(rootKind: StageKind): boolean {
  return rootKind === 'request' || isPlainKind(rootKind);
}

function isPlainKind(kind: StageKind): boolean {
  return kind === 'internal' || kind === 'retrieval';
}

/** Counts stages that nobody records: per stage id it asks every sink once what counts it, and remembers that. */
export class StageCounts {
  readonly #statistics: StatisticsSink;
  readonly #sinks: readonly CountingSink[];
  readonly #stageIds: StageIds;
  readonly #drops: DropCounts;
  readonly #deliveries: Deliveries;
  readonly #report: InternalErrorReporter;
  /** By stage id; one stage id may have several definitions. */
  readonly #counts = new Map<string, StageCount>();

  constructor(
    statistics: StatisticsSink,
    sinks: readonly CountingSink[],
    stageIds: StageIds,
    drops: DropCounts,
    deliveries: Deliveries,
    report: InternalErrorReporter,
  ) {
    this.#statistics = statistics;
    this.#sinks = sinks;
    this.#stageIds = stageIds;
    this.#drops = drops;
    this.#deliveries = deliveries;
    this.#report = report;
  }

  /** What counts the executions of a stage. */
  of(definition: StageDefinition): StageCount {
    const { lastCount } = definition;
    return lastCount !== undefined && lastCount.owner === this ? lastCount : this.#countOf(definition);
  }

  /** The same of a stage that was recorded, and whose id was admitted then. */
  ofAdmitted(definition: StageDefinition): StageCount {
    const { lastCount } = definition;
    return lastCount !== undefined && lastCount.owner === this
      ? lastCount
      : this.#admittedCountOf(definition);
  }

  #countOf(definition: StageDefinition): StageCount {
    const { stageId, kind } = definition;
    if (this.#stageIds.admits(stageId)) return this.#admittedCountOf(definition);
    this.#drops.stageIds += 1;
    return this.#countUnder(OTHER_STAGE_ID, kind);
  }

  #admittedCountOf(definition: StageDefinition): StageCount {
    const count = this.#countUnder(definition.stageId, definition.kind);
    definition.lastCount = count;
    return count;
  }

  #countUnder(stageId: string, kind: StageDefinition['kind']): StageCount {
    const key = `${kind} ${stageId}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      const latest = this.#statistics.latestOf(stageId);
      count = new StageCount(this, latest, this.#sinks, this.#deliveries, this.#report, { stageId, kind });
      this.#counts.set(key, count);
    }
    return count;
  }
}

/** The counters of one stage id. One object tells all of them of all its executions. */
export class StageCount {
  /** For the statistics. Asked by itself: V8 makes one function of this and of a loop over what is mostly one sink. */
  readonly #latest: LatestExecutions;
  readonly #names: string[] = [];
  readonly #counters: CalledCounter[] = [];
  readonly #told: { -readonly [K in keyof CountedStage]: CountedStage[K] };
  readonly #deliveries: Deliveries;
  readonly #report: InternalErrorReporter;

  constructor(
    readonly owner: StageCounts,
    latest: LatestExecutions,
    sinks: readonly CountingSink[],
    deliveries: Deliveries,
    report: InternalErrorReporter,
    stage: Pick<CountedStage, 'stageId' | 'kind'>,
  ) {
    this.#latest = latest;
    this.#deliveries = deliveries;
    this.#report = report;
    this.#told = { ...stage, outcome: 'ok', durationMs: 0, endedAt: 0 };
    for (const sink of sinks) {
      try {
        this.#counters.push(counterOf(sink, stage));
        this.#names.push(sink.name);
      } catch (error) {
        report(`sink ${sink.name}`, error);
      }
    }
  }

  /**
   * Counts one execution.
   * @param endedAt Epoch milliseconds.
   */
  add(outcome: Outcome, durationMs: number, endedAt: number): void {
    const told = this.#told;
    told.outcome = outcome;
    told.durationMs = microseconds(durationMs);
    told.endedAt = endedAt;
    this.#tell();
  }

  /** Apart, so that the numbers stay numbers: where `add` is inlined, V8 makes no objects of them. */
  #tell(): void {
    this.#latest.add(this.#told.durationMs, this.#told.outcome);
    this.#deliveries.depth += 1;
    for (let at = 0; at < this.#counters.length; at += 1) {
      try {
        const result = this.#counters[at]?.(this.#told);
        if (result !== undefined) this.#watch(at, result);
      } catch (error) {
        this.#failed(at, error);
      }
    }
    this.#deliveries.depth -= 1;
  }

  #watch(at: number, result: unknown): void {
    watchRejection(result, (error) => {
      this.#failed(at, error);
    });
  }

  #failed(at: number, error: unknown): void {
    this.#report(`sink ${this.#names[at] ?? ''}`, error);
  }
}

/** @throws What the sink throws, and a TypeError where it has no function to call: an async method returns none. */
function counterOf(
  sink: CountingSink,
  { stageId, kind }: Pick<CountedStage, 'stageId' | 'kind'>,
): CalledCounter {
  const counter: unknown = sink.counterOf(stageId, kind);
  if (typeof counter === 'function') return counter as CalledCounter;
  watchRejection(counter, () => undefined);
  throw new TypeError('counterOf returned no function');
}
