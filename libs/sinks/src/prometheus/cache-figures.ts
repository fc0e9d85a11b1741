import type { StageExecution, TraceIdentity } from '@followspot/core';
import { isAmount } from './amount.js';
import { CACHE_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByLabel, type LabelValues } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowCount } from './window.js';

/** Look-ups in one cache. */
class Cache {
  readonly labels: Labels;
  readonly hitLabels: Labels;
  readonly missLabels: Labels;
  hits = 0;
  misses = 0;
  /** Undefined until it is known: that is not 0. */
  timeSavedMs: number | undefined;
  costSaved: number | undefined;
  hitDurations: Histogram | undefined;
  missDurations: Histogram | undefined;
  readonly window: WindowCount;

  constructor(
    readonly name: string,
    clock: WindowClock,
  ) {
    this.labels = { cache: name };
    this.hitLabels = { cache: name, result: 'hit' };
    this.missLabels = { cache: name, result: 'miss' };
    this.window = new WindowCount(clock);
  }
}

/** What a cache did, for people: the share of hits in the window, and what they have saved since the start. */
export interface CacheSummary {
  /** 0 to 1; left out when it was not asked in the window. */
  readonly hitRate?: number;
  /** Left out as long as it is not known. */
  readonly timeSavedSeconds?: number;
  /** In the currency of the price table; left out as long as it is not known. */
  readonly costSaved?: number;
}

/** What is counted of cache look-ups. One that failed has neither hit nor missed, and shows as a failed stage. */
export class CacheFigures {
  readonly #caches: ByLabel<Cache>;

  constructor(caches: LabelValues, clock: WindowClock) {
    this.#caches = new ByLabel(caches, (name) => new Cache(name, clock));
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { cache: name, hit } = stage.attributes;
    if (typeof hit !== 'boolean') return;
    const cache = this.#caches.get(name);
    cache.window.add(hit);
    if (hit) {
      cache.hits += 1;
      const { timeSavedMs, costSaved } = stage.attributes;
      if (isAmount(timeSavedMs)) cache.timeSavedMs = (cache.timeSavedMs ?? 0) + timeSavedMs;
      if (isAmount(costSaved)) cache.costSaved = (cache.costSaved ?? 0) + costSaved;
      (cache.hitDurations ??= new Histogram(CACHE_BUCKETS)).observeStage(stage, trace);
    } else {
      cache.misses += 1;
      (cache.missDurations ??= new Histogram(CACHE_BUCKETS)).observeStage(stage, trace);
    }
  }

  counts(what: 'hits' | 'misses'): Sample[] {
    return [...this.#caches.all()].map((cache) => sampleOf(cache.labels, cache[what]));
  }

  durations(name: string): Sample[] {
    const samples: Sample[] = [];
    for (const { hitDurations, hitLabels, missDurations, missLabels } of this.#caches.all()) {
      hitDurations?.addTo(samples, name, hitLabels);
      missDurations?.addTo(samples, name, missLabels);
    }
    return samples;
  }

  secondsSaved(): Sample[] {
    return [...this.#caches.all()].flatMap(({ labels, timeSavedMs }) =>
      timeSavedMs === undefined ? [] : [sampleOf(labels, timeSavedMs / 1_000)],
    );
  }

  costsSaved(): Sample[] {
    return [...this.#caches.all()].flatMap(({ labels, costSaved }) =>
      costSaved === undefined ? [] : [sampleOf(labels, costSaved)],
    );
  }

  summary(): Record<string, CacheSummary> {
    return Object.fromEntries([...this.#caches.all()].map((cache) => [cache.name, summaryOf(cache)]));
  }
}

function summaryOf({ window: { share: hitRate }, timeSavedMs, costSaved }: Cache): CacheSummary {
  return {
    ...(hitRate !== undefined && { hitRate }),
    ...(timeSavedMs !== undefined && { timeSavedSeconds: timeSavedMs / 1_000 }),
    ...(costSaved !== undefined && { costSaved }),
  };
}
