import type { DropCounts } from '@followspot/core';
import type { LabelDrops } from './label-values.js';
import { plainSample, type Sample, sampleOf } from './sample.js';

/** What the sink reads off an engine at a scrape; an `ExecutionTracker` fits as it is. */
export interface DropSource {
  getDropCounts(): Readonly<DropCounts>;
}

/** One record in this many is timed; a power of two. */
const TIMED_EVERY = 128;

/** What Followspot tells of itself. */
export class SelfFigures {
  readonly #sources = new Set<DropSource>();
  /** Of engines that are gone: a counter must not fall. */
  readonly #retired = new Map<string, number>();
  readonly #labelDrops: LabelDrops;
  #records = 0;
  #timedMs = 0;
  /** Busy milliseconds of the latest scrape. */
  scrapeMs: number | undefined;
  /** Lines of each metric in its latest scrape. */
  readonly lines = new Map<string, number>();

  constructor(labelDrops: LabelDrops) {
    this.#labelDrops = labelDrops;
  }

  /** Reads this engine from now on. */
  add(source: DropSource): void {
    this.#sources.add(source);
  }

  /** Keeps what this engine has counted so far. */
  retire(source: DropSource): void {
    if (!this.#sources.delete(source)) return;
    for (const [what, count] of Object.entries(source.getDropCounts())) {
      this.#retired.set(what, (this.#retired.get(what) ?? 0) + count);
    }
  }

  /** Whether the next record is to be timed: a clock reading costs as much as the record itself. */
  get isTimed(): boolean {
    this.#records += 1;
    return (this.#records & (TIMED_EVERY - 1)) === 0;
  }

  timed(ms: number): void {
    this.#timedMs += ms;
  }

  /** Counts of every bound, without the errors. */
  get drops(): Map<string, number> {
    const { internalErrors: _, ...drops } = Object.fromEntries(this.#counts());
    return new Map(Object.entries(drops));
  }

  /** Errors that were kept from the application. */
  get internalErrors(): number {
    return this.#counts().get('internalErrors') ?? 0;
  }

  dropped(): Sample[] {
    return [...this.drops].map(([what, count]) => sampleOf({ what }, count));
  }

  errors(): Sample[] {
    return [plainSample(this.internalErrors)];
  }

  recordSeconds(): Sample[] {
    return [plainSample((this.#timedMs * TIMED_EVERY) / 1_000)];
  }

  scrapeSeconds(): Sample[] {
    return this.scrapeMs === undefined ? [] : [plainSample(this.scrapeMs / 1_000)];
  }

  series(): Sample[] {
    const others = [...this.lines].filter(([name]) => name !== 'followspot_series');
    return [plainSample(others.reduce((sum, [, lines]) => sum + lines, 1))];
  }

  #counts(): Map<string, number> {
    const counts = new Map<string, number>(this.#retired);
    for (const drops of [...[...this.#sources].map((source) => source.getDropCounts()), this.#labelDrops]) {
      for (const [what, count] of Object.entries(drops) as [string, number][]) {
        counts.set(what, (counts.get(what) ?? 0) + count);
      }
    }
    return counts;
  }
}
