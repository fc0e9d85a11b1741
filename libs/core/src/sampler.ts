import { hash } from 'node:crypto';

const BUCKETS = 100;
/** Steps inside one bucket, for rates that are not whole percents. */
const STEPS_PER_BUCKET = 1_000_000;
const POSITIONS = BUCKETS * STEPS_PER_BUCKET;

/**
 * Decides from a thread id alone whether its trace is kept, so that every stage and every process decides alike.
 *
 * The bucket is md5(thread id), read as one big-endian integer, modulo 100, as in the reference implementation
 * (Python's `int(hashlib.md5(id).hexdigest(), 16) % 100`); a thread id is kept when its bucket is below the rate in
 * percent. Rates between two whole percents split the next bucket by further digits of the same hash, so a decision
 * at a whole percent never changes.
 */
export class Sampler {
  readonly #wholeBuckets: number;
  readonly #steps: number;

  /**
   * @param rate Share of the thread ids to keep, 0 to 1; finer than one in a hundred million is rounded.
   * @throws RangeError when the rate is not a number from 0 to 1.
   */
  constructor(readonly rate: number) {
    if (!Number.isFinite(rate) || rate < 0 || rate > 1) {
      throw new RangeError(`sampleRate must be a number from 0 to 1, got ${String(rate)}`);
    }
    // Rounded first: 0.29 * 100 is 28.999999999999996, and bucket 28 would be lost.
    const steps = Math.round(rate * BUCKETS * STEPS_PER_BUCKET);
    this.#wholeBuckets = Math.floor(steps / STEPS_PER_BUCKET);
    this.#steps = steps % STEPS_PER_BUCKET;
  }

  /** The decision for a thread id. The same id always gets the same answer at the same rate. */
  isSampled(threadId: string): boolean {
    if (this.#wholeBuckets === BUCKETS) return true;
    if (this.#wholeBuckets === 0 && this.#steps === 0) return false;
    const digest = digestOf(threadId);
    const bucket = remainderOf(digest, BUCKETS);
    if (bucket !== this.#wholeBuckets || this.#steps === 0) return bucket < this.#wholeBuckets;
    return Math.floor(remainderOf(digest, POSITIONS) / BUCKETS) < this.#steps;
  }
}

/** The reference's bucket of a thread id, 0 to 99. */
export function bucketOf(threadId: string): number {
  return remainderOf(digestOf(threadId), BUCKETS);
}

/** A number modulo another, byte by byte, as one divides by hand: a BigInt of it takes twice as long. */
function remainderOf(bytes: string, divisor: number): number {
  let remainder = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    remainder = (remainder * 256 + bytes.charCodeAt(at)) % divisor;
  }
  return remainder;
}

/** A character for each byte: at once and as a short string is what Node hashes fastest. */
function digestOf(threadId: string): string {
  try {
    return hash('md5', threadId, 'binary');
  } catch {
    // A FIPS build of OpenSSL has no md5. The decision stays deterministic, though not the reference's.
    return hash('sha256', threadId, 'binary');
  }
}
