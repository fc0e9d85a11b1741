/** Up to so many values are sorted. */
const FEW = 4_096;
/** The upper bits of a single-precision number that is not negative: steps of 0.8 %. */
const SHIFT = 16;
const BUCKETS = 2 ** (31 - SHIFT);

/** The values that share their upper bits with a wanted one. */
interface Bucket {
  /** How many values are smaller than all of these. */
  readonly below: number;
  readonly members: Float64Array;
  /** How many members have been found. */
  found: number;
}

/**
 * What would be at these places if the values were sorted. Many values are not sorted but counted in buckets of nearly
 * the same magnitude, and only those in the buckets of wanted values are looked at again: a tenth of the time.
 * @param values Not negative; they stay as they are.
 * @param ranks Whole numbers from 0 up, smaller than the number of values, ascending.
 */
export function valuesAtRanks(values: Float64Array, ranks: readonly number[]): number[] {
  if (values.length <= FEW) {
    const sorted = values.toSorted();
    return ranks.map((rank) => sorted[rank] ?? 0);
  }
  // Numbers that are not negative have the order of their bits.
  const bits = new Uint32Array(new Float32Array(values).buffer);
  const counts = new Uint32Array(BUCKETS);
  for (let at = 0; at < bits.length; at += 1) {
    const key = (bits[at] as number) >>> SHIFT;
    counts[key] = (counts[key] as number) + 1;
  }
  const buckets: Bucket[] = [];
  /** Of each key, which of the buckets it has, counted from 1. */
  const places = new Uint8Array(BUCKETS);
  const wanted = bucketsWith(ranks, counts, buckets, places);
  fill(buckets, places, values, bits);
  return wanted.map(({ members, below }, index) => valueAt(members, (ranks[index] ?? 0) - below));
}

/** The buckets in which the values of these ranks are. */
function bucketsWith(
  ranks: readonly number[],
  counts: Uint32Array,
  buckets: Bucket[],
  places: Uint8Array,
): Bucket[] {
  let key = 0;
  let below = 0;
  return ranks.map((rank) => {
    for (; below + (counts[key] as number) <= rank; key += 1) below += counts[key] as number;
    const known = buckets[(places[key] as number) - 1];
    if (known !== undefined) return known;
    const bucket = { below, members: new Float64Array(counts[key] as number), found: 0 };
    places[key] = buckets.push(bucket);
    return bucket;
  });
}

/** Puts the values into their buckets, as far as these are wanted. */
function fill(buckets: readonly Bucket[], places: Uint8Array, values: Float64Array, bits: Uint32Array): void {
  for (let at = 0; at < bits.length; at += 1) {
    const place = places[(bits[at] as number) >>> SHIFT] as number;
    if (place === 0) continue;
    const bucket = buckets[place - 1] as Bucket;
    bucket.members[bucket.found] = values[at] as number;
    bucket.found += 1;
  }
}

/** Of values that are close together: what they are above the least of them is not. */
function valueAt(members: Float64Array, rank: number): number {
  let least = Infinity;
  let most = 0;
  for (let at = 0; at < members.length; at += 1) {
    least = Math.min(least, members[at] as number);
    most = Math.max(most, members[at] as number);
  }
  if (least === most) return least;
  // No duration, but there must be an end to it.
  if (!(least > 0)) return members.toSorted()[rank] ?? 0;
  // Exact there and back, because none is twice as large as another.
  const above = new Float64Array(members.length);
  for (let at = 0; at < members.length; at += 1) above[at] = (members[at] as number) - least;
  return least + (valuesAtRanks(above, [rank])[0] ?? 0);
}
