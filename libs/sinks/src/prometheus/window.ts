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

  /** When the slot begins and ends: to compare takes less than to divide, and this runs for every stage. */
  #fromMs = 0;
  #toMs = SLOT_MS;

  /** @param wallMs Epoch milliseconds. What lies back by less than the window counts as now: stages may end late. */
  advance(wallMs: number): void {
    if (wallMs < this.#fromMs || wallMs >= this.#toMs) this.#leave(wallMs);
  }

  #leave(wallMs: number): void {
    // Half minutes fit into 31 bits.
    const slot = (wallMs / SLOT_MS) | 0;
    // Further back than the window: somebody has set the clock.
    if (slot < this.slot && slot > this.slot - SLOTS) return;
    this.slot = Math.max(0, slot);
    this.place = this.slot % SLOTS;
    this.#fromMs = this.slot * SLOT_MS;
    this.#toMs = this.#fromMs + SLOT_MS;
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
  /** What is counted now goes here, and is put down when the slot is over. */
  #slot = -1;
  #place = 0;
  #countNow = 0;
  #markedNow = 0;

  constructor(clock: WindowClock) {
    this.#clock = clock;
  }

  add(isMarked: boolean): void {
    if (this.#slot !== this.#clock.slot) this.#begin();
    this.#countNow += 1;
    if (isMarked) this.#markedNow += 1;
  }

  /** Both counts. */
  get totals(): { readonly count: number; readonly marked: number } {
    this.#putDown();
    let count = 0;
    let marked = 0;
    for (let place = 0; place < SLOTS; place += 1) {
      if (!this.#clock.covers(this.#slots[place] as number)) continue;
      count += this.#counts[place] as number;
      marked += this.#marked[place] as number;
    }
    return { count, marked };
  }

  #begin(): void {
    this.#putDown();
    const { place, slot } = this.#clock;
    // Again, where the clock was set back and forth.
    const isKnown = this.#slots[place] === slot;
    this.#slot = slot;
    this.#place = place;
    this.#countNow = isKnown ? (this.#counts[place] as number) : 0;
    this.#markedNow = isKnown ? (this.#marked[place] as number) : 0;
  }

  #putDown(): void {
    this.#slots[this.#place] = this.#slot;
    this.#counts[this.#place] = this.#countNow;
    this.#marked[this.#place] = this.#markedNow;
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

/** Of a slot in which nothing was recorded. */
const NEVER = -1;

/**
 * Quantiles of the durations in the window, by nearest rank and within 3 % or 0.06 ms. Takes 1.2 KB once something was
 * recorded and as much for each slot. prom-client's Summary would do the same with a t-digest in microseconds per value.
 */
export class WindowQuantiles {
  readonly #clock: WindowClock;
  readonly #slots = new Int32Array(SLOTS).fill(NEVER);
  readonly #counts: (Uint32Array | undefined)[] = Array.from<undefined>({ length: SLOTS });
  /** The sum of all slots: a scrape asks every route, and summing ten slots up for each would take ten times as long. */
  #all: Uint32Array | undefined;
  #count = 0;

  constructor(clock: WindowClock) {
    this.#clock = clock;
  }

  add(durationMs: number): void {
    const { place, slot } = this.#clock;
    if (this.#slots[place] !== slot) this.#begin(place, slot);
    const bucket = bucketOf(durationMs);
    increment(this.#counts[place] as Uint32Array, bucket);
    increment(this.#all as Uint32Array, bucket);
    this.#count += 1;
  }

  /**
   * The durations, in milliseconds, that these shares of all, ascending, do not exceed; undefined when the window is
   * empty.
   */
  quantiles(...shares: readonly number[]): number[] | undefined {
    for (let place = 0; place < SLOTS; place += 1) {
      if (!this.#clock.covers(this.#slots[place] as number)) this.#end(place);
    }
    const [all, count] = [this.#all, this.#count];
    if (all === undefined || count === 0) return undefined;
    let bucket = 0;
    let seen = all[0] as number;
    return shares.map((share) => {
      for (const rank = Math.max(1, Math.ceil(share * count)); seen < rank; seen += all[bucket] as number)
        bucket += 1;
      return middleOf(bucket);
    });
  }

  #begin(place: number, slot: number): void {
    this.#end(place);
    this.#slots[place] = slot;
    this.#counts[place] ??= new Uint32Array(BUCKETS);
    this.#all ??= new Uint32Array(BUCKETS);
  }

  /** What was recorded in this slot no longer counts. */
  #end(place: number): void {
    const [all, counts] = [this.#all, this.#counts[place]];
    if (this.#slots[place] === NEVER || all === undefined || counts === undefined) return;
    this.#slots[place] = NEVER;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const inBucket = counts[bucket] as number;
      all[bucket] = (all[bucket] as number) - inBucket;
      this.#count -= inBucket;
    }
    counts.fill(0);
  }
}

function increment(counts: Uint32Array, bucket: number): void {
  counts[bucket] = (counts[bucket] as number) + 1;
}

function bucketOf(durationMs: number): number {
  if (durationMs <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(durationMs / SMALLEST_MS) * PER_OCTAVE));
}

function middleOf(bucket: number): number {
  const middle = bucket === 0 ? SMALLEST_MS / 2 : SMALLEST_MS * 2 ** ((bucket - 0.5) / PER_OCTAVE);
  return Number(middle.toPrecision(3));
}
