import { type AttributeValue, GapHistogram, microseconds } from '@followspot/core';
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
  /** Not a number before the first event, so that it is one field of the same kind for ever. */
  #lastEventMs = Number.NaN;
  /** The latest gaps, which are not in the histogram yet: to put eight in at once costs little more than one. */
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
    this.#latest ??= [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
    if (this.#latestCount === this.#latest.length) this.#count();
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
    const histogram = this.#count();
    if (histogram === undefined) return;
    found['gapMeanMs'] = microseconds(histogram.mean);
    found['gapP95Ms'] = microseconds(histogram.quantile(0.95) ?? 0);
    found['gapMaxMs'] = microseconds(histogram.longest);
    found['stalls'] = this.#stalls;
    if (this.#worstDuring !== undefined) found['stalledDuring'] = this.#worstDuring;
  }

  /** Puts the latest gaps into the histogram; undefined before the first. */
  #count(): GapHistogram | undefined {
    if (this.#latest === undefined) return undefined;
    const histogram = (this.#histogram ??= new GapHistogram());
    for (let index = 0; index < this.#latestCount; index += 1) histogram.add(this.#latest[index] as number);
    this.#latestCount = 0;
    return histogram;
  }

  /** Of a gap above the floor, which spares nearly every event the look at the histogram. */
  #judge(fromMs: number, toMs: number): void {
    const gapMs = toMs - fromMs;
    const median = this.#count()?.median;
    if (median === undefined || gapMs <= this.#options.stallFactor * median) return;
    this.#stalls += 1;
    if (gapMs <= this.#worstMs) return;
    this.#worstMs = gapMs;
    this.#worstDuring = this.#explainer.stageDuring(fromMs, toMs);
  }
}
