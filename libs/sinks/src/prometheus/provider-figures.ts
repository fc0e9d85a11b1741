import type { StageExecution, TraceIdentity } from '@followspot/core';
import { isAmount } from './amount.js';
import { PROVIDER_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByLabel, type LabelSets, type LabelValues, OTHER } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowCount, WindowQuantiles } from './window.js';

/** What was spent; undefined until it is known: that is not 0. */
interface Spent {
  tokenCost: number | undefined;
  apiCost: number | undefined;
}

/** Calls of one model of one provider. Tokens stay undefined until they are known, like costs. */
class ModelFigures implements Spent {
  readonly labels: Labels;
  readonly inputLabels: Labels;
  readonly outputLabels: Labels;
  readonly durations = new Histogram(PROVIDER_BUCKETS);
  requests = 0;
  errors = 0;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
  tokenCost: number | undefined;
  apiCost: number | undefined;

  constructor(provider: string, model: string) {
    this.labels = { provider, model };
    this.inputLabels = { ...this.labels, direction: 'input' };
    this.outputLabels = { ...this.labels, direction: 'output' };
  }
}

/** Calls of one provider. It has its own costs, because what is one too many is one model of several providers. */
class Provider implements Spent {
  readonly models: ByLabel<ModelFigures>;
  readonly labels: Labels;
  readonly window: WindowQuantiles;
  readonly outcomes: WindowCount;
  tokenCost: number | undefined;
  apiCost: number | undefined;

  constructor(
    readonly name: string,
    models: LabelValues,
    make: (model: string) => ModelFigures,
    clock: WindowClock,
  ) {
    this.models = new ByLabel(models, make);
    this.labels = { provider: name };
    this.window = new WindowQuantiles(clock);
    this.outcomes = new WindowCount(clock);
  }
}

/** What one provider did, for people: calls and latency in the window, costs since the start. */
export interface ProviderSummary {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly tokenCost?: number;
  readonly apiCost?: number;
}

/** What is counted of calls of providers. */
export class ProviderFigures {
  readonly #providers: ByLabel<Provider>;

  constructor(providers: LabelValues, models: LabelValues, sets: LabelSets, clock: WindowClock) {
    const other = new ModelFigures(OTHER, OTHER);
    this.#providers = new ByLabel(providers, (provider) => {
      const make = (model: string): ModelFigures => {
        if (provider === OTHER && model === OTHER) return other;
        return sets.admitsOneMore() ? new ModelFigures(provider, model) : other;
      };
      return new Provider(provider, models, make, clock);
    });
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, outcome } = stage;
    const provider = this.#providers.get(attributes['provider']);
    const model = provider.models.get(attributes['model']);
    const isError = outcome === 'error';
    model.requests += 1;
    if (isError) model.errors += 1;
    model.durations.observeStage(stage, trace);
    provider.window.add(stage.durationMs);
    provider.outcomes.add(isError);
    const { inputTokens, outputTokens } = attributes;
    if (isAmount(inputTokens)) model.inputTokens = (model.inputTokens ?? 0) + inputTokens;
    if (isAmount(outputTokens)) model.outputTokens = (model.outputTokens ?? 0) + outputTokens;
    spend(model, attributes);
    spend(provider, attributes);
  }

  /** The trace was decided to be kept after this call, which was counted, had ended. */
  remember(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, durationMs } = stage;
    const model = this.#providers.get(attributes['provider']).models.get(attributes['model']);
    model.durations.remember(durationMs, stage, trace);
  }

  counts(what: 'requests' | 'errors'): Sample[] {
    return this.#models().map((model) => sampleOf(model.labels, model[what]));
  }

  costs(what: 'tokenCost' | 'apiCost'): Sample[] {
    return this.#models().flatMap((model) => known(model.labels, model[what]));
  }

  tokens(): Sample[] {
    return this.#models().flatMap(({ inputLabels, inputTokens, outputLabels, outputTokens }) => [
      ...known(inputLabels, inputTokens),
      ...known(outputLabels, outputTokens),
    ]);
  }

  percentile(share: number): Sample[] {
    return [...this.#providers.all()].flatMap(({ labels, window }) =>
      (window.quantiles(share) ?? []).map((value) => sampleOf(labels, value)),
    );
  }

  durations(name: string): Sample[] {
    const samples: Sample[] = [];
    for (const { labels, durations } of this.#models()) durations.addTo(samples, name, labels);
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

function spend(on: Spent, { tokenCost, apiCost }: StageExecution['attributes']): void {
  if (isAmount(tokenCost)) on.tokenCost = (on.tokenCost ?? 0) + tokenCost;
  if (isAmount(apiCost)) on.apiCost = (on.apiCost ?? 0) + apiCost;
}

function known(labels: Labels, value: number | undefined): Sample[] {
  return value === undefined ? [] : [sampleOf(labels, value)];
}

function summaryOf({ outcomes, window, tokenCost, apiCost }: Provider): ProviderSummary {
  const [p50Ms, p95Ms] = window.quantiles(0.5, 0.95) ?? [];
  const { count, marked } = outcomes.totals;
  return {
    requests: count,
    errors: marked,
    ...(p50Ms !== undefined && p95Ms !== undefined && { p50Ms, p95Ms }),
    ...(tokenCost !== undefined && { tokenCost }),
    ...(apiCost !== undefined && { apiCost }),
  };
}
