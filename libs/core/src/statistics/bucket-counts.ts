/** Buckets are added in blocks: 32 counts of a byte each still fit into the array's own object on V8's heap. */
const BLOCK = 32;

type Counts = Uint8Array | Uint16Array | Uint32Array;

/**
 * How many values fell into each bucket of a histogram. Only the range of buckets in use is kept, in a byte per bucket
 * for as long as that is enough, then in two, then in four: the silences of one stream are much alike, and most streams
 * have few of them.
 */
export class BucketCounts {
  #first = 0;
  #counts: Counts = new Uint8Array(0);

  /** The lowest bucket that may have a count. */
  get first(): number {
    return this.#first;
  }

  /** The bucket after the highest one that may have a count. */
  get end(): number {
    return this.#first + this.#counts.length;
  }

  of(bucket: number): number {
    return this.#counts[bucket - this.#first] ?? 0;
  }

  add(bucket: number): void {
    if (bucket < this.#first || bucket >= this.end) this.#reach(bucket);
    const count = this.of(bucket) + 1;
    this.#counts[bucket - this.#first] = count;
    // An element that has overflowed starts again at zero.
    if (this.of(bucket) !== count) this.#widen(bucket, count);
  }

  #reach(bucket: number): void {
    const start = Math.floor(bucket / BLOCK) * BLOCK;
    const isEmpty = this.#counts.length === 0;
    const first = isEmpty ? start : Math.min(this.#first, start);
    const end = isEmpty ? start + BLOCK : Math.max(this.end, start + BLOCK);
    const grown = new (this.#counts.constructor as new (length: number) => Counts)(end - first);
    grown.set(this.#counts, isEmpty ? 0 : this.#first - first);
    this.#first = first;
    this.#counts = grown;
  }

  #widen(bucket: number, count: number): void {
    this.#counts =
      this.#counts.BYTES_PER_ELEMENT === 1 ? new Uint16Array(this.#counts) : new Uint32Array(this.#counts);
    this.#counts[bucket - this.#first] = count;
  }
}
