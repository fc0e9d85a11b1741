import { type AttributeValue, GapHistogram, microseconds } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { WatchedStream } from './open-watcher.js';
import { StreamDelivery } from './stream-delivery.js';

/** Made for the first, because hardly any stream has one. */
interface Stalls {
  count: number;
  worstMs: number;
  worstDuring: string | undefined;
}

/** Gaps that are kept as they are: of fewer than twenty the 95th percentile is the longest one. */
const FEW = 19;

/**
 * The silences between the events of one stream. A gap is a stall when it is longer than `stallFactor` times the median
 * of the gaps before it and longer than `stallFloorMs`; the first gap has nothing to be compared with and is none.
 */
export abstract class StreamGaps<
  Response extends { readonly writableLength: number },
> extends StreamDelivery<Response> {
  readonly #options: StreamOptions;
  protected readonly watched: WatchedStream | undefined;
  /**
   * When the last event was, and then the latest gaps, which are not in the histogram yet: most streams end without one.
   * In a list, because V8 keeps an object for each number that is a field and no integer.
   */
  #latest: number[] | undefined;
  #latestCount = 0;
  #histogram: GapHistogram | undefined;
  #stalls: Stalls | undefined;

  /** @param watched Told of each gap. */
  constructor(response: Response, options: StreamOptions, watched?: WatchedStream) {
    super(response);
    this.#options = options;
    this.watched = watched;
  }

  /**
   * What was going on between two readings of the monotonic clock. Asked once for each stall that is worse than those before
   * it, when it is over.
   */
  protected abstract stageDuring(fromMs: number, toMs: number): string | undefined;

  /** An event was produced. */
  event(nowMs: number): void {
    const latest = this.#latest;
    if (latest === undefined) {
      // Fractions, so that V8 keeps them as such from the start; for three gaps, and it grows when a fourth comes.
      this.#latest = [nowMs, 0.5, 0.5, 0.5];
      return;
    }
    const lastMs = latest[0] as number;
    const gapMs = nowMs - lastMs;
    latest[0] = nowMs;
    if (gapMs > this.#options.stallFloorMs) this.#judge(lastMs, nowMs);
    if (this.#latestCount === FEW) this.#count();
    this.#latestCount += 1;
    latest[this.#latestCount] = gapMs;
    this.watched?.gap(gapMs);
  }

  /** The stream was cut short: the silence before may be a stall, but is no gap, because no event came after it. */
  cut(nowMs: number): void {
    const lastMs = this.#latest?.[0];
    if (lastMs !== undefined && nowMs - lastMs > this.#options.stallFloorMs) this.#judge(lastMs, nowMs);
  }

  /** Adds no gaps before the second event. */
  override describe(found: Record<string, AttributeValue>): void {
    if (this.#latest !== undefined && this.#hasGaps) {
      if (this.#histogram === undefined) this.#describeFew(found, this.#latest);
      else this.#describeMany(found, this.#count());
      found['stalls'] = this.#stalls?.count ?? 0;
    }
    super.describe(found);
  }

  /** The stage that was running during the longest stall. */
  get worstDuring(): string | undefined {
    return this.#stalls?.worstDuring;
  }

  get #hasGaps(): boolean {
    return this.#latestCount > 0 || this.#histogram !== undefined;
  }

  #describeFew(found: Record<string, AttributeValue>, gapsMs: readonly number[]): void {
    let sumMs = 0;
    let longestMs = 0;
    for (let index = 1; index <= this.#latestCount; index += 1) {
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
    for (let index = 1; index <= this.#latestCount; index += 1)
      histogram.add(this.#latest?.[index] as number);
    this.#latestCount = 0;
    return histogram;
  }

  /** Of a gap above the floor, which spares nearly every event the look at the histogram. */
  #judge(fromMs: number, toMs: number): void {
    if (!this.#hasGaps) return;
    const gapMs = toMs - fromMs;
    const { median } = this.#count();
    if (median === undefined || gapMs <= this.#options.stallFactor * median) return;
    const stalls = (this.#stalls ??= { count: 0, worstMs: 0, worstDuring: undefined });
    stalls.count += 1;
    if (gapMs <= stalls.worstMs) return;
    stalls.worstMs = gapMs;
    stalls.worstDuring = this.stageDuring(fromMs, toMs);
  }
}
