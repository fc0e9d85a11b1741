import type { StageExecution, TraceIdentity } from '@followspot/core';
import {
  AbandonedFigures,
  type AbandonedLabels,
  abandonedCostsOf,
  abandonedTokensOf,
} from './abandoned-figures.js';
import { isAmount } from './amount.js';
import { ByCurrency, type Costs, isPriced, known, spend } from './cost-figures.js';
import { ExactSum } from './exact-sum.js';
import { ByLabel, type LabelSets, OTHER } from './label-values.js';
import { ModelFigures } from './model-figures.js';
import type { ProviderCosts, ProviderSummary } from './provider-summary.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowCount, WindowQuantiles } from './window.js';

/** The costs of one model. */
interface CostSeries extends Costs {
  readonly labels: Labels;
}

/** What one provider cost in one currency. */
interface ProviderSpent extends Costs {
  readonly currency: string;
  abandonedCost: ExactSum | undefined;
}

/** Calls of one provider. It has its own sums, because what is one too many is one model of several providers. */
class Provider {
  readonly models: ByLabel<ModelFigures>;
  readonly labels: Labels;
  readonly window: WindowQuantiles;
  readonly firstChunks: WindowQuantiles;
  readonly outcomes: WindowCount;
  readonly spent: ByLabel<ProviderSpent>;
  unpriced = 0;
  abandonedCalls = 0;
  abandonedTokens: number | undefined;

  constructor(
    readonly name: string,
    { models, currencies }: AbandonedLabels,
    make: (model: string) => ModelFigures,
    clock: WindowClock,
  ) {
    this.models = new ByLabel(models, make);
    this.labels = { provider: name };
    this.window = new WindowQuantiles(clock);
    this.firstChunks = new WindowQuantiles(clock);
    this.outcomes = new WindowCount(clock);
    this.spent = new ByLabel(currencies, (currency) => ({
      currency,
      tokenCost: undefined,
      apiCost: undefined,
      abandonedCost: undefined,
    }));
  }
}

/** What is counted of calls of providers. */
export class ProviderFigures {
  readonly #providers: ByLabel<Provider>;
  readonly #abandoned: AbandonedFigures;
  readonly #costs: ByCurrency<CostSeries>;
  readonly #currency: string;

  /** @param currency Of costs whose stage names none. */
  constructor(labels: AbandonedLabels, sets: () => LabelSets, clock: WindowClock, currency: string) {
    const costs = new ByCurrency<CostSeries>(labels.currencies, sets(), (shown) => ({
      labels: shown,
      tokenCost: undefined,
      apiCost: undefined,
    }));
    const modelSets = sets();
    const modelOf = (provider: string, model: string): ModelFigures =>
      new ModelFigures(provider, model, costs.of({ provider, model }));
    const other = modelOf(OTHER, OTHER);
    this.#costs = costs;
    this.#currency = currency;
    this.#abandoned = new AbandonedFigures(labels, sets);
    this.#providers = new ByLabel(labels.providers, (provider) => {
      const make = (model: string): ModelFigures => {
        if (provider === OTHER && model === OTHER) return other;
        return modelSets.admitsOneMore() ? modelOf(provider, model) : other;
      };
      return new Provider(provider, labels, make, clock);
    });
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, outcome } = stage;
    const provider = this.#providers.get(attributes['provider']);
    const model = provider.models.get(attributes['model']);
    model.record(stage, trace);
    provider.window.add(stage.durationMs);
    provider.outcomes.add(outcome === 'error');
    const { timeToFirstChunkMs, costCurrency: currency = this.#currency } = attributes;
    if (isAmount(timeToFirstChunkMs)) provider.firstChunks.add(timeToFirstChunkMs);
    if (isPriced(attributes)) {
      spend(model.costs.get(currency), attributes);
      spend(provider.spent.get(currency), attributes);
    } else {
      provider.unpriced += 1;
    }
    if (trace.isAborted !== true) return;
    this.#abandoned.record(stage, trace, currency);
    abandon(provider, attributes, currency);
  }

  /** The trace was decided to be kept after this call, which was counted, had ended. */
  remember(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes } = stage;
    this.#providers.get(attributes['provider']).models.get(attributes['model']).remember(stage, trace);
  }

  counts(what: 'requests' | 'errors' | 'unpriced' | 'unstopped' | 'abortedBeforeFirstChunk'): Sample[] {
    return this.#models().map((model) => sampleOf(model.labels, model[what]));
  }

  /** Series of models that have more labels than the model itself. */
  each(what: 'tokens' | 'tokenParts' | 'usage'): Sample[] {
    return this.#models().flatMap((model) => model[what]());
  }

  costs(what: keyof Costs): Sample[] {
    return this.#costs.all().flatMap((series) => known(series.labels, series[what]?.value));
  }

  abandoned(what: 'calls' | 'tokens' | 'costs'): Sample[] {
    return this.#abandoned[what]();
  }

  percentile(share: number): Sample[] {
    return [...this.#providers.all()].flatMap(({ labels, window }) =>
      (window.quantiles(share) ?? []).map((value) => sampleOf(labels, value)),
    );
  }

  distribution(
    what: 'durations' | 'firstChunks' | 'firstChunksFromRequest' | 'abortLags',
    name: string,
  ): Sample[] {
    const samples: Sample[] = [];
    for (const model of this.#models()) model[what]?.addTo(samples, name, model.labels);
    return samples;
  }

  summary(): Record<string, ProviderSummary> {
    return Object.fromEntries(
      [...this.#providers.all()].map((provider) => [provider.name, summaryOf(provider)]),
    );
  }

  #models(): ModelFigures[] {
    // What is one too many is shared by several providers.
    return [...new Set([...this.#providers.all()].flatMap(({ models }) => [...models.all()]))];
  }
}

function abandon(provider: Provider, attributes: StageExecution['attributes'], currency: unknown): void {
  provider.abandonedCalls += 1;
  const tokens = abandonedTokensOf(attributes);
  if (tokens !== undefined) provider.abandonedTokens = (provider.abandonedTokens ?? 0) + tokens;
  for (const cost of abandonedCostsOf(attributes)) {
    (provider.spent.get(currency).abandonedCost ??= new ExactSum()).add(cost);
  }
}

function summaryOf(provider: Provider): ProviderSummary {
  const { outcomes, window, firstChunks, spent, abandonedCalls, abandonedTokens, unpriced } = provider;
  const [p50Ms, p95Ms] = window.quantiles(0.5, 0.95) ?? [];
  const [timeToFirstChunkP95Ms] = firstChunks.quantiles(0.95) ?? [];
  const { count, marked } = outcomes.totals;
  return {
    requests: count,
    errors: marked,
    ...(p50Ms !== undefined && p95Ms !== undefined && { p50Ms, p95Ms }),
    ...(timeToFirstChunkP95Ms !== undefined && { timeToFirstChunkP95Ms }),
    abandoned: { calls: abandonedCalls, ...(abandonedTokens !== undefined && { tokens: abandonedTokens }) },
    costs: Object.fromEntries([...spent.all()].map((costs) => [costs.currency, costsOf(costs)])),
    unpriced,
  };
}

function costsOf({ tokenCost, apiCost, abandonedCost }: ProviderSpent): ProviderCosts {
  return {
    ...(tokenCost !== undefined && { tokenCost: tokenCost.value }),
    ...(apiCost !== undefined && { apiCost: apiCost.value }),
    ...(abandonedCost !== undefined && { abandonedCost: abandonedCost.value }),
  };
}
