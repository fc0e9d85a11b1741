import { type AttributeValue, GapHistogram, microseconds } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { WatchedStream } from './open-watcher.js';

/** Finds out what was going on between two readings of the monotonic clock. */
export interface StallExplainer {
  stageDuring(fromMs: number, toMs: number): string | undefined;
}

/** Gaps that are kept as they are: of fewer than twenty the 95th percentile is the longest one. */
const FEW = 19;

/**
 * The silences between the events of one stream. A gap is a stall when it is longer than `stallFactor` times the median
 * of the gaps before it and longer than `stallFloorMs`; the first gap has nothing to be compared with and is none.
 */
export class StreamGaps {
  readonly #options: StreamOptions;
  readonly #explainer: StallExplainer;
  readonly #watched: Pick<WatchedStream, 'gap'> | undefined;
  /** Not a number before the first event, so that it is one field of the same kind for ever. */
  #lastEventMs = Number.NaN;
  /** The latest gaps, which are not in the histogram yet: most streams end without one. */
  #latest: number[] | undefined;
  #latestCount = 0;
  #histogram: GapHistogram | undefined;
  #stalls = 0;
  #worstMs = 0;
  #worstDuring: string | undefined;

  /**
   * @param explainer Asked once for each stall that is worse than those before it, when it is over.
   * @param watched Told of each gap.
   */
  constructor(options: StreamOptions, explainer: StallExplainer, watched?: Pick<WatchedStream, 'gap'>) {
    this.#options = options;
    this.#explainer = explainer;
    this.#watched = watched;
  }

  /** An event was produced. */
  event(nowMs: number): void {
    const lastMs = this.#lastEventMs;
    const gapMs = nowMs - lastMs;
    this.#lastEventMs = nowMs;
    if (Number.isNaN(gapMs)) return;
    if (gapMs > this.#options.stallFloorMs) this.#judge(lastMs, nowMs);
    // Fractions, so that V8 keeps them as such from the start; for four, and it grows when a fifth comes.
    this.#latest ??= [0.5, 0.5, 0.5, 0.5];
    if (this.#latestCount === FEW) this.#count();
    this.#latest[this.#latestCount] = gapMs;
    this.#latestCount += 1;
    this.#watched?.gap(gapMs);
  }

  /** The stream was cut short: the silence before may be a stall, but is no gap, because no event came after it. */
  cut(nowMs: number): void {
    if (nowMs - this.#lastEventMs > this.#options.stallFloorMs) this.#judge(this.#lastEventMs, nowMs);
  }

  /** Adds nothing before the second event. */
  describe(found: Record<string, AttributeValue>): void {
    if (this.#latest === undefined) return;
    if (this.#histogram === undefined) this.#describeFew(found, this.#latest);
    else this.#describeMany(found, this.#count());
    found['stalls'] = this.#stalls;
    if (this.#worstDuring !== undefined) found['stalledDuring'] = this.#worstDuring;
  }

  #describeFew(found: Record<string, AttributeValue>, gapsMs: readonly number[]): void {
    let sumMs = 0;
    let longestMs = 0;
    for (let index = 0; index < this.#latestCount; index += 1) {
      const gapMs = gapsMs[index] as number;
      sumMs += gapMs;
      if (gapMs > longestMs) longestMs = gapMs;
    }
    found['gapMeanMs'] = microseconds(sumMs / this.#latestCount);
    found['gapP95Ms'] = found['gapMaxMs'] = microseconds(longestMs);
  }

  #describeMany(found: Record<string, AttributeValue>, histogram: GapHistogram): void {
    found['gapMeanMs'] = microseconds(histogram.mean);
    found['gapP95Ms'] = microseconds(histogram.quantile(0.95) ?? 0);
    found['gapMaxMs'] = microseconds(histogram.longest);
  }

  /** Puts the latest gaps into the histogram, all at once, and returns it. */
  #count(): GapHistogram {
    const histogram = (this.#histogram ??= new GapHistogram());
    for (let index = 0; index < this.#latestCount; index += 1) histogram.add(this.#latest?.[index] as number);
    this.#latestCount = 0;
    return histogram;
  }

  /** Of a gap above the floor, which spares nearly every event the look at the histogram. */
  #judge(fromMs: number, toMs: number): void {
    const gapMs = toMs - fromMs;
    const { median } = this.#count();
    if (median === undefined || gapMs <= this.#options.stallFactor * median) return;
    this.#stalls += 1;
    if (gapMs <= this.#worstMs) return;
    this.#worstMs = gapMs;
    this.#worstDuring = this.#explainer.stageDuring(fromMs, toMs);
  }
}
