import type { StageExecution, TraceIdentity } from '@followspot/core';
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

  /** The share of hits in the window, per cache that was asked. */
  summary(): Record<string, { readonly hitRate: number }> {
    const rates = [...this.#caches.all()].flatMap(({ name, window }) => {
      const hitRate = window.share;
      return hitRate === undefined ? [] : [[name, { hitRate }] as const];
    });
    return Object.fromEntries(rates);
  }
}
