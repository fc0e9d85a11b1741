import type { Sink } from '../delivery/sink.js';
import { microseconds } from '../microseconds.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Outcome, StageExecution } from '../stage/stage-execution.js';
import { valuesAtRanks } from './values-at-ranks.js';

/** Figures of one stage id over its latest executions, exact and not estimated. */
export interface StageStatistics {
  /** Whose figures these are. */
  readonly stageId: string;
  /** How many executions the figures are of: at most the limit asked for. */
  readonly executionCount: number;
  /** Arithmetic mean in milliseconds, three decimals. */
  readonly avgDurationMs: number;
  /** The shortest execution, in milliseconds. */
  readonly minDurationMs: number;
  /** The longest execution, in milliseconds. */
  readonly maxDurationMs: number;
  /** Median in milliseconds, by nearest rank: like every percentile here, a duration that was measured. */
  readonly p50DurationMs: number;
  /** 95 % of the executions took no longer than this, in milliseconds. */
  readonly p95DurationMs: number;
  /** 99 % of the executions took no longer than this, in milliseconds. */
  readonly p99DurationMs: number;
  /** Share of the executions whose outcome is not `error`, 0 to 1. */
  readonly successRate: number;
  /** Executions with the outcome `error`. */
  readonly errorCount: number;
  /** Executions with the outcome `cancelled`. */
  readonly cancelledCount: number;
}

/**
 * Keeps the duration and outcome of the latest executions of each stage id. It sees every measured stage, kept or
 * not: a percentile over kept traces alone would be biased towards the failed and slow ones that are rescued.
 */
export class StatisticsSink implements Sink {
  readonly name = 'statistics';
  readonly scope = 'all';
  readonly #latest = new Map<string, LatestExecutions>();

  /** @param capacity Executions kept per stage id. */
  constructor(readonly capacity: number) {}

  record(stage: StageExecution): void {
    this.latestOf(stage.stageId).add(stage.durationMs, stage.outcome);
  }

  /** The same, where the definition is at hand that the stage was made by: it remembers where its executions go. */
  recordOf(definition: StageDefinition, stage: StageExecution): void {
    const { latest } = definition;
    if (latest === undefined || latest.owner !== this) this.#recordFirst(definition, stage);
    else latest.add(stage.durationMs, stage.outcome);
  }

  #recordFirst(definition: StageDefinition, stage: StageExecution): void {
    definition.latest = this.latestOf(stage.stageId);
    this.record(stage);
  }

  /** Where the executions of a stage go. */
  latestOf(stageId: string): LatestExecutions {
    let latest = this.#latest.get(stageId);
    if (latest === undefined) {
      latest = new LatestExecutions(this, this.capacity);
      this.#latest.set(stageId, latest);
    }
    return latest;
  }

  /** Figures over the last `limit` executions, or undefined when the stage id was never executed. */
  of(stageId: string, limit: number): StageStatistics | undefined {
    const latest = this.#latest.get(stageId);
    return latest === undefined
      ? undefined
      : figuresOf(stageId, latest.durations(limit), latest.outcomes(limit));
  }
}

/** One bit each for error and cancelled. */
const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'cancelled'];
const QUANTILES = [0, 0.5, 0.95, 0.99, 1];

/** A ring of two typed arrays that doubles until it has reached its capacity: nine bytes an execution. */
export class LatestExecutions {
  #durations = new Float64Array(16);
  #outcomes = new Uint8Array(16);
  #added = 0;
  /** Where the next one goes, and where it no longer can: no division, because this runs for every stage. */
  #next = 0;
  #size: number;

  constructor(
    readonly owner: StatisticsSink,
    readonly capacity: number,
  ) {
    this.#size = Math.min(this.#durations.length, capacity);
  }

  add(durationMs: number, outcome: Outcome): void {
    const at = this.#next;
    this.#durations[at] = durationMs;
    this.#outcomes[at] = outcome === 'ok' ? 0 : OUTCOMES.indexOf(outcome);
    this.#added += 1;
    this.#next = at + 1;
    if (this.#next >= this.#size) this.#reachEnd();
  }

  /** Of the last executions, in any order. What is answered must not be changed: it may be the ring itself. */
  durations(limit: number): Float64Array {
    return lastOf(this.#durations.subarray(0, this.#size), this.#added, limit);
  }

  /** The same, as places in {@link OUTCOMES}. */
  outcomes(limit: number): Uint8Array {
    return lastOf(this.#outcomes.subarray(0, this.#size), this.#added, limit);
  }

  #reachEnd(): void {
    if (this.#size >= this.capacity) this.#next = 0;
    else this.#grow();
  }

  #grow(): void {
    const durations = new Float64Array(this.#durations.length * 2);
    const outcomes = new Uint8Array(durations.length);
    durations.set(this.#durations);
    outcomes.set(this.#outcomes);
    this.#durations = durations;
    this.#outcomes = outcomes;
    this.#size = Math.min(durations.length, this.capacity);
  }
}

/** Of a ring into which so many were added. */
function lastOf<T extends Float64Array | Uint8Array>(ring: T, added: number, limit: number): T {
  if (limit >= ring.length && added >= ring.length) return ring;
  const count = Math.min(limit, added);
  const end = ((added - 1) % ring.length) + 1;
  const newest = ring.slice(Math.max(0, end - count), end) as T;
  if (newest.length === count) return newest;
  const last = ring.slice(0, count) as T;
  last.set(newest);
  last.set(ring.subarray(ring.length - (count - newest.length)), newest.length);
  return last;
}

function figuresOf(stageId: string, durations: Float64Array, outcomes: Uint8Array): StageStatistics {
  const executionCount = durations.length;
  const rankOf = (quantile: number): number => Math.max(0, Math.ceil(quantile * executionCount) - 1);
  const [min = 0, p50 = 0, p95 = 0, p99 = 0, max = 0] = valuesAtRanks(durations, QUANTILES.map(rankOf));
  let sum = 0;
  let errorCount = 0;
  let cancelledCount = 0;
  // One loop, and bits instead of comparisons: there may be many.
  for (let at = 0; at < executionCount; at += 1) {
    const outcome = outcomes[at] as number;
    sum += durations[at] as number;
    errorCount += outcome & 1;
    cancelledCount += outcome >>> 1;
  }
  return {
    stageId,
    executionCount,
    avgDurationMs: microseconds(sum / executionCount),
    minDurationMs: min,
    maxDurationMs: max,
    p50DurationMs: p50,
    p95DurationMs: p95,
    p99DurationMs: p99,
    successRate: (executionCount - errorCount) / executionCount,
    errorCount,
    cancelledCount,
  };
}
