import { BucketCounts } from './bucket-counts.js';

const SMALLEST_MS = 0.1;
const LARGEST_MS = 3_600_000;
/** Each bucket reaches 5 % higher than the one before, so that its middle is within 2.5 % of everything in it. */
const GROWTH = 1.05;
const LOG_GROWTH = Math.log(GROWTH);
const BUCKETS = Math.ceil(Math.log(LARGEST_MS / SMALLEST_MS) / LOG_GROWTH) + 1;

/**
 * Quantiles of all gaps between the pieces of a stream, however long it runs, in about half a kilobyte (2 at most):
 * counts in buckets whose bounds grow by 5 %. Quantiles are by nearest rank (for a median the lower one of two middles) and within 2.5 % of the true value, or
 * 0.1 ms where that is more; of gaps over an hour only the longest is known. Count, sum and longest are exact.
 *
 * A sorted window of the latest gaps would be exact and forget the beginning; a sort per event would cost the most
 * where there are the most events. Here an event costs a logarithm, and the median moves at most one rank.
 */
export class GapHistogram {
  readonly #counts = new BucketCounts();
  #count = 0;
  #sum = 0;
  #shortest = Infinity;
  #longest = 0;
  /** The bucket that the median is in, and how many gaps are in the buckets before it. */
  #medianBucket = 0;
  #belowMedian = 0;

  get mean(): number {
    return this.#sum / this.#count;
  }

  /** Of all gaps, in milliseconds. */
  get sum(): number {
    return this.#sum;
  }

  get longest(): number {
    return this.#longest;
  }

  /** The median so far; undefined before the first gap. */
  get median(): number | undefined {
    return this.#count === 0 ? undefined : this.#valueOf(this.#medianBucket);
  }

  add(gapMs: number): void {
    const bucket = bucketOf(gapMs);
    this.#counts.add(bucket);
    if (this.#count === 0) this.#medianBucket = bucket;
    this.#count += 1;
    this.#sum += gapMs;
    this.#shortest = Math.min(this.#shortest, gapMs);
    this.#longest = Math.max(this.#longest, gapMs);
    if (bucket < this.#medianBucket) this.#belowMedian += 1;
    this.#moveMedian();
  }

  /** The gap that this share of all gaps does not exceed; undefined before the first gap. */
  quantile(share: number): number | undefined {
    const rank = Math.ceil(share * this.#count);
    // Of fewer than twenty gaps the 95th percentile is the longest one.
    if (rank === this.#count && rank > 0) return this.#longest;
    let seen = 0;
    const { first, end } = this.#counts;
    for (let bucket = first; bucket < end; bucket += 1) {
      seen += this.#counts.of(bucket);
      if (seen > 0 && seen >= rank) return this.#valueOf(bucket);
    }
    return undefined;
  }

  /** Tells of all gaps by ascending length: how long (within 2.5 % or 0.1 ms), and how many of them. */
  forEach(tell: (gapMs: number, count: number) => void): void {
    const { first, end } = this.#counts;
    for (let bucket = first; bucket < end; bucket += 1) {
      const count = this.#counts.of(bucket);
      if (count > 0) tell(this.#valueOf(bucket), count);
    }
  }

  #moveMedian(): void {
    const rank = Math.ceil(this.#count / 2);
    while (this.#belowMedian >= rank) {
      this.#medianBucket -= 1;
      this.#belowMedian -= this.#counts.of(this.#medianBucket);
    }
    while (this.#belowMedian + this.#counts.of(this.#medianBucket) < rank) {
      this.#belowMedian += this.#counts.of(this.#medianBucket);
      this.#medianBucket += 1;
    }
  }

  /** The middle of a bucket, as far as that can have been a gap. */
  #valueOf(bucket: number): number {
    if (bucket === BUCKETS - 1) return this.#longest;
    const middle = bucket === 0 ? SMALLEST_MS / 2 : SMALLEST_MS * GROWTH ** (bucket - 0.5);
    return Math.min(Math.max(middle, this.#shortest), this.#longest);
  }
}

function bucketOf(gapMs: number): number {
  if (gapMs <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(gapMs / SMALLEST_MS) / LOG_GROWTH));
}
