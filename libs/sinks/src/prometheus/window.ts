/** The length of the window that percentiles and rates are taken from, in milliseconds. */
export const WINDOW_MS = 300_000;

const SLOTS = 10;
const SLOT_MS = WINDOW_MS / SLOTS;

/**
 * Where in the sliding window we are. Time comes from the ends of the stages themselves, so that recording needs no
 * clock, and at a scrape from the wall clock. A window reaches over ten slots of half a minute; the oldest is dropped
 * whole, so it covers between four and a half and five minutes.
 */
export class WindowClock {
  /** Which half minute since the epoch. */
  slot = 0;
  /** Its place in the ring. */
  place = 0;

  /** @param wallMs Epoch milliseconds. What lies back by less than the window counts as now: stages may end late. */
  advance(wallMs: number): void {
    // A bit operation, and not Math.floor, because this runs for every stage; half minutes fit into 31 bits.
    const slot = (wallMs / SLOT_MS) | 0;
    if (slot === this.slot) return;
    // Further back than the window: somebody has set the clock.
    if (slot < this.slot && slot > this.slot - SLOTS) return;
    this.slot = Math.max(0, slot);
    this.place = this.slot % SLOTS;
  }

  /** Whether what was put down in this slot still counts. */
  covers(slot: number): boolean {
    return slot <= this.slot && slot > this.slot - SLOTS;
  }
}

/** How many there were in the window, and how many of them were marked. */
export class WindowCount {
  readonly #clock: WindowClock;
  readonly #slots = new Int32Array(SLOTS).fill(-1);
  readonly #counts = new Uint32Array(SLOTS);
  readonly #marked = new Uint32Array(SLOTS);

  constructor(clock: WindowClock) {
    this.#clock = clock;
  }

  add(isMarked: boolean): void {
    const { place, slot } = this.#clock;
    if (this.#slots[place] !== slot) {
      this.#slots[place] = slot;
      this.#counts[place] = 0;
      this.#marked[place] = 0;
    }
    this.#counts[place] = (this.#counts[place] as number) + 1;
    if (isMarked) this.#marked[place] = (this.#marked[place] as number) + 1;
  }

  /** Both counts. */
  get totals(): { readonly count: number; readonly marked: number } {
    let count = 0;
    let marked = 0;
    for (let place = 0; place < SLOTS; place += 1) {
      if (!this.#clock.covers(this.#slots[place] as number)) continue;
      count += this.#counts[place] as number;
      marked += this.#marked[place] as number;
    }
    return { count, marked };
  }

  /** The share of the marked ones; undefined when the window is empty. */
  get share(): number | undefined {
    const { count, marked } = this.totals;
    return count === 0 ? undefined : marked / count;
  }
}

const SMALLEST_MS = 0.0625;
/** A bucket reaches 6 % higher than the one before, so that its middle is within 3 % of everything in it. */
const PER_OCTAVE = 12;
/** Up to 70 minutes. */
const BUCKETS = 26 * PER_OCTAVE;

/**
 * Quantiles of the durations in the window, by nearest rank and within 3 % or 0.06 ms. A slot takes 1.2 KB once
 * something was recorded in it. prom-client's Summary would do the same with a t-digest in microseconds per value.
 */
export class WindowQuantiles {
  readonly #clock: WindowClock;
  readonly #slots = new Int32Array(SLOTS).fill(-1);
  readonly #counts: (Uint32Array | undefined)[] = Array.from<undefined>({ length: SLOTS });

  constructor(clock: WindowClock) {
    this.#clock = clock;
  }

  add(durationMs: number): void {
    const { place, slot } = this.#clock;
    let counts = this.#counts[place];
    if (counts === undefined) {
      counts = new Uint32Array(BUCKETS);
      this.#counts[place] = counts;
    } else if (this.#slots[place] !== slot) {
      counts.fill(0);
    }
    this.#slots[place] = slot;
    const bucket = bucketOf(durationMs);
    counts[bucket] = (counts[bucket] as number) + 1;
  }

  /** The durations, in milliseconds, that these shares of all do not exceed; undefined when the window is empty. */
  quantiles(...shares: readonly number[]): number[] | undefined {
    const all = new Float64Array(BUCKETS);
    let count = 0;
    // Plain loops: a scrape sums ten slots of every route up in one go, and iterators would take ten times as long.
    for (let place = 0; place < SLOTS; place += 1) {
      const counts = this.#counts[place];
      if (counts === undefined || !this.#clock.covers(this.#slots[place] as number)) continue;
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const inBucket = counts[bucket] as number;
        all[bucket] = (all[bucket] as number) + inBucket;
        count += inBucket;
      }
    }
    if (count === 0) return undefined;
    return shares.map((share) => valueAt(all, Math.max(1, Math.ceil(share * count))));
  }
}

function bucketOf(durationMs: number): number {
  if (durationMs <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(durationMs / SMALLEST_MS) * PER_OCTAVE));
}

function valueAt(counts: Float64Array, rank: number): number {
  let bucket = 0;
  for (let seen = counts[0] as number; seen < rank; seen += counts[bucket] as number) bucket += 1;
  const middle = bucket === 0 ? SMALLEST_MS / 2 : SMALLEST_MS * 2 ** ((bucket - 0.5) / PER_OCTAVE);
  return Number(middle.toPrecision(3));
}
