import type { Sink } from './sink.js';
import { microseconds } from './microseconds.js';
import type { Outcome, StageExecution } from './stage-execution.js';

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
    let latest = this.#latest.get(stage.stageId);
    if (latest === undefined) {
      latest = new LatestExecutions(this.capacity);
      this.#latest.set(stage.stageId, latest);
    }
    latest.add(stage.durationMs, stage.outcome);
  }

  /** Figures over the last `limit` executions, or undefined when the stage id was never executed. */
  of(stageId: string, limit: number): StageStatistics | undefined {
    const last = this.#latest.get(stageId)?.last(limit);
    return last === undefined ? undefined : figuresOf(stageId, last.durations, last.outcomes);
  }
}

const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'cancelled'];

/** A ring of two typed arrays that doubles until it has reached its capacity: nine bytes an execution. */
class LatestExecutions {
  #durations = new Float64Array(16);
  #outcomes = new Uint8Array(16);
  #added = 0;
  /** Where the next one goes, and where it no longer can: no division, because this runs for every stage. */
  #next = 0;
  #size: number;

  constructor(readonly capacity: number) {
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

  last(limit: number): { durations: Float64Array; outcomes: Uint8Array } {
    const count = Math.min(limit, this.#added, this.#size);
    const durations = new Float64Array(count);
    const outcomes = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) {
      const at = (this.#added - 1 - index) % this.#size;
      durations[index] = this.#durations[at] ?? 0;
      outcomes[index] = this.#outcomes[at] ?? 0;
    }
    return { durations, outcomes };
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

function figuresOf(stageId: string, durations: Float64Array, outcomes: Uint8Array): StageStatistics {
  const executionCount = durations.length;
  const sorted = durations.sort();
  const quantile = (q: number): number => sorted[Math.max(0, Math.ceil(q * executionCount) - 1)] ?? 0;
  const countOf = (outcome: Outcome): number =>
    outcomes.reduce((count, code) => (OUTCOMES[code] === outcome ? count + 1 : count), 0);
  const errorCount = countOf('error');
  return {
    stageId,
    executionCount,
    avgDurationMs: microseconds(sorted.reduce((sum, duration) => sum + duration, 0) / executionCount),
    minDurationMs: quantile(0),
    maxDurationMs: quantile(1),
    p50DurationMs: quantile(0.5),
    p95DurationMs: quantile(0.95),
    p99DurationMs: quantile(0.99),
    successRate: (executionCount - errorCount) / executionCount,
    errorCount,
    cancelledCount: countOf('cancelled'),
  };
}
