import { type Attributes, type AttributeValue, GapHistogram, microseconds } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { WatchedStream } from './open-watcher.js';

/** Finds out what was going on between two readings of the monotonic clock. */
export interface StallExplainer {
  stageDuring(fromMs: number, toMs: number): string | undefined;
}

/**
 * The silences between the events of one stream. A gap is a stall when it is longer than `stallFactor` times the median
 * of the gaps before it and longer than `stallFloorMs`; the first gap has nothing to be compared with and is none.
 */
export class StreamGaps {
  readonly #options: StreamOptions;
  readonly #explainer: StallExplainer;
  readonly #watched: Pick<WatchedStream, 'gap'> | undefined;
  /** Made with the first gap: most streams of one event never need it. */
  #histogram: GapHistogram | undefined;
  #lastEventMs: number | undefined;
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
    this.#lastEventMs = nowMs;
    if (lastMs === undefined) return;
    this.#judge(lastMs, nowMs);
    this.#histogram ??= new GapHistogram();
    this.#histogram.add(nowMs - lastMs);
    this.#watched?.gap(nowMs - lastMs);
  }

  /** The stream was cut short: the silence before may be a stall, but is no gap, because no event came after it. */
  cut(nowMs: number): void {
    if (this.#lastEventMs !== undefined) this.#judge(this.#lastEventMs, nowMs);
  }

  /** Nothing before the second event. */
  attributes(): Attributes {
    const histogram = this.#histogram;
    if (histogram === undefined) return {};
    const found: Record<string, AttributeValue> = {
      gapMeanMs: microseconds(histogram.mean),
      gapP95Ms: microseconds(histogram.quantile(0.95) ?? 0),
      gapMaxMs: microseconds(histogram.longest),
      stalls: this.#stalls,
    };
    if (this.#worstDuring !== undefined) found['stalledDuring'] = this.#worstDuring;
    return found;
  }

  #judge(fromMs: number, toMs: number): void {
    const gapMs = toMs - fromMs;
    // First of all, because it spares nearly every event the look at the histogram.
    if (gapMs <= this.#options.stallFloorMs) return;
    const median = this.#histogram?.median;
    if (median === undefined || gapMs <= this.#options.stallFactor * median) return;
    this.#stalls += 1;
    if (gapMs <= this.#worstMs) return;
    this.#worstMs = gapMs;
    this.#worstDuring = this.#explainer.stageDuring(fromMs, toMs);
  }
}
