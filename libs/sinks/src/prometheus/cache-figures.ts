import type { StageExecution, TraceIdentity } from '@followspot/core';
import { isAmount } from './amount.js';
import { CACHE_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByCurrency, known } from './cost-figures.js';
import { ExactSum } from './exact-sum.js';
import { ByLabel, type LabelSets, type LabelValues } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowCount } from './window.js';

/** What hits of one cache have saved in one currency. */
interface CostSaved {
  readonly labels: Labels;
  readonly cost: ExactSum;
}

/** Look-ups in one cache. */
class Cache {
  readonly labels: Labels;
  readonly hitLabels: Labels;
  readonly missLabels: Labels;
  hits = 0;
  misses = 0;
  /** Undefined until it is known: that is not 0. */
  secondsSaved: ExactSum | undefined;
  readonly savings: ByLabel<CostSaved>;
  hitDurations: Histogram | undefined;
  missDurations: Histogram | undefined;
  readonly window: WindowCount;

  constructor(
    readonly name: string,
    costs: ByCurrency<CostSaved>,
    clock: WindowClock,
  ) {
    this.savings = costs.of({ cache: name });
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
  /** By currency, as far as it is known. */
  readonly costSaved?: Readonly<Record<string, number>>;
}

/** What is counted of cache look-ups. One that failed has neither hit nor missed, and shows as a failed stage. */
export class CacheFigures {
  readonly #caches: ByLabel<Cache>;
  readonly #costs: ByCurrency<CostSaved>;
  readonly #currency: string;

  /** @param currency Of costs whose stage names none. */
  constructor(
    { caches, currencies }: { readonly caches: LabelValues; readonly currencies: LabelValues },
    sets: LabelSets,
    clock: WindowClock,
    currency: string,
  ) {
    const costs = new ByCurrency<CostSaved>(currencies, sets, (labels) => ({
      labels,
      cost: new ExactSum(),
    }));
    this.#caches = new ByLabel(caches, (name) => new Cache(name, costs, clock));
    this.#costs = costs;
    this.#currency = currency;
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { cache: name, hit } = stage.attributes;
    if (typeof hit !== 'boolean') return;
    const cache = this.#caches.get(name);
    cache.window.add(hit);
    if (hit) {
      cache.hits += 1;
      const { timeSavedMs, costSaved, costCurrency: currency = this.#currency } = stage.attributes;
      if (isAmount(timeSavedMs)) (cache.secondsSaved ??= new ExactSum()).add(timeSavedMs / 1_000);
      if (isAmount(costSaved)) cache.savings.get(currency).cost.add(costSaved);
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
    return [...this.#caches.all()].flatMap(({ labels, secondsSaved }) => known(labels, secondsSaved?.value));
  }

  costsSaved(): Sample[] {
    return this.#costs.all().map(({ labels, cost }) => sampleOf(labels, cost.value));
  }

  summary(): Record<string, CacheSummary> {
    return Object.fromEntries([...this.#caches.all()].map((cache) => [cache.name, summaryOf(cache)]));
  }
}

function summaryOf({ window: { share: hitRate }, secondsSaved, savings }: Cache): CacheSummary {
  const costSaved = [...savings.all()].map(({ labels, cost }) => [labels['currency'], cost.value]);
  return {
    ...(hitRate !== undefined && { hitRate }),
    ...(secondsSaved !== undefined && { timeSavedSeconds: secondsSaved.value }),
    ...(costSaved.length > 0 && { costSaved: Object.fromEntries(costSaved) as Record<string, number> }),
  };
}
