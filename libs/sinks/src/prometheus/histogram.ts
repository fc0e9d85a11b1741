import type { Gaps, StageExecution, TraceIdentity } from '@followspot/core';
import type { Buckets } from './buckets.js';
import type { Exemplar, Labels, Sample } from './sample.js';

/** OpenMetrics allows 128 characters for all of an exemplar's labels; `trace_id` takes 8. */
const LONGEST_TRACE_ID = 120;

/** One series of a histogram: counts, a sum, and per bucket the latest kept trace. */
export class Histogram {
  readonly #buckets: Buckets;
  readonly #counts: Float64Array;
  #sum = 0;
  #exemplars: Exemplars | undefined;

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
    this.#counts = new Float64Array(buckets.bounds.length + 1);
  }

  /**
   * @param value Not negative, in the unit that the buckets are recorded in.
   * @param times How often it was observed.
   */
  observe(value: number, times = 1): void {
    this.#count(value, times);
    this.#sum += value * times;
  }

  /** Counts all gaps of an answer: in their buckets within 2.5 % or 0.1 ms, in the sum exactly. */
  observeGaps(gaps: Gaps): void {
    gaps.forEach((gapMs, count) => {
      this.#count(gapMs, count);
    });
    this.#sum += gaps.sum;
  }

  /** Counts the duration of a stage. */
  observeStage(stage: StageExecution, trace: TraceIdentity): void {
    this.observe(stage.durationMs);
    if (trace.keptBecause !== undefined) this.remember(stage.durationMs, stage, trace);
  }

  /** Counts a figure of a stage. */
  observeOf(stage: StageExecution, trace: TraceIdentity, value: number): void {
    this.observe(value);
    if (trace.keptBecause !== undefined) this.remember(value, stage, trace);
  }

  /** Makes a value that was counted the exemplar of its bucket: a trace that is kept can be looked up. */
  remember(value: number, { startedAt, durationMs }: StageExecution, { traceId }: TraceIdentity): void {
    if (traceId.length > LONGEST_TRACE_ID) return;
    this.#exemplars ??= new Exemplars(this.#counts.length);
    this.#exemplars.set(this.#bucketOf(value), traceId, value, startedAt + durationMs);
  }

  /** Appends the lines of this series: cumulative buckets, sum, count. */
  addTo(samples: Sample[], name: string, sharedLabels: Labels): void {
    const { labels, unit } = this.#buckets;
    const bucketName = `${name}_bucket`;
    let count = 0;
    for (const [bucket, le] of labels.entries()) {
      count += this.#counts[bucket] ?? 0;
      const exemplar = this.#exemplars?.at(bucket, unit);
      samples.push({ metricName: bucketName, labels: le, sharedLabels, value: count, exemplar });
    }
    samples.push({ metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sum / unit });
    samples.push({ metricName: `${name}_count`, labels: {}, sharedLabels, value: count });
  }

  #count(value: number, times: number): void {
    const counts = this.#counts;
    const bucket = this.#bucketOf(value);
    counts[bucket] = (counts[bucket] as number) + times;
  }

  #bucketOf(value: number): number {
    const { bounds } = this.#buckets;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    return bucket;
  }
}

class Exemplars {
  readonly #traceIds: (string | undefined)[];
  readonly #values: Float64Array;
  readonly #endedAt: Float64Array;

  constructor(buckets: number) {
    this.#traceIds = Array.from<string | undefined>({ length: buckets }).fill(undefined);
    this.#values = new Float64Array(buckets);
    this.#endedAt = new Float64Array(buckets);
  }

  set(bucket: number, traceId: string, value: number, endedAt: number): void {
    this.#traceIds[bucket] = traceId;
    this.#values[bucket] = value;
    this.#endedAt[bucket] = endedAt;
  }

  at(bucket: number, unit: number): Exemplar | undefined {
    const traceId = this.#traceIds[bucket];
    if (traceId === undefined) return undefined;
    return {
      labelSet: { trace_id: traceId },
      value: (this.#values[bucket] ?? 0) / unit,
      timestamp: (this.#endedAt[bucket] ?? 0) / 1_000,
    };
  }
}
