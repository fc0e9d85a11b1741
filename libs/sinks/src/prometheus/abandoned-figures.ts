import type { StageExecution, TraceIdentity } from '@followspot/core';
import { amountOf, isAmount } from './amount.js';
import { ByCurrency, isPriced, known } from './cost-figures.js';
import { LabelTree } from './label-tree.js';
import type { ByLabel, LabelSets, LabelValues } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';

/** What the label `route` says of calls outside requests. */
const NO_ROUTE = 'none';

/** Calls for one route that nobody waited for any longer. Tokens are undefined until some are known. */
interface Abandoned {
  readonly labels: Labels;
  calls: number;
  tokens: number | undefined;
  readonly costs: ByLabel<AbandonedCost>;
}

interface AbandonedCost {
  readonly labels: Labels;
  cost: number;
}

/** The bounds of the labels that abandoned calls are counted by. */
export interface AbandonedLabels {
  readonly providers: LabelValues;
  readonly models: LabelValues;
  readonly routes: LabelValues;
  readonly currencies: LabelValues;
}

/** What was produced and paid for, and nobody had anything of, by who asked for it. */
export class AbandonedFigures {
  readonly #calls: LabelTree<Abandoned>;
  readonly #costs: ByCurrency<AbandonedCost>;

  constructor({ providers, models, routes, currencies }: AbandonedLabels, sets: () => LabelSets) {
    this.#costs = new ByCurrency(currencies, sets(), (labels) => ({ labels, cost: 0 }));
    this.#calls = new LabelTree({ provider: providers, model: models, route: routes }, sets(), (labels) => ({
      labels,
      calls: 0,
      tokens: undefined,
      costs: this.#costs.of(labels),
    }));
  }

  record({ attributes }: StageExecution, trace: TraceIdentity, currency: unknown): void {
    const { provider, model } = attributes;
    const { route = NO_ROUTE } = trace;
    const abandoned = this.#calls.get(provider, model, route);
    abandoned.calls += 1;
    const tokens = abandonedTokensOf(attributes);
    if (tokens !== undefined) abandoned.tokens = (abandoned.tokens ?? 0) + tokens;
    const cost = abandonedCostOf(attributes);
    if (cost !== undefined) abandoned.costs.get(currency).cost += cost;
  }

  calls(): Sample[] {
    return this.#calls.all().map(({ labels, calls }) => sampleOf(labels, calls));
  }

  tokens(): Sample[] {
    return this.#calls.all().flatMap(({ labels, tokens }) => known(labels, tokens));
  }

  costs(): Sample[] {
    return this.#costs.all().map(({ labels, cost }) => sampleOf(labels, cost));
  }
}

/** A stage that is not measured, but says what it produced, says it under the name that it has otherwise. */
export function abandonedTokensOf(attributes: StageExecution['attributes']): number | undefined {
  const tokens = attributes['abandonedTokens'] ?? attributes['outputTokens'];
  return isAmount(tokens) ? tokens : undefined;
}

/** All that an abandoned call cost, as far as it is known. */
export function abandonedCostOf(attributes: StageExecution['attributes']): number | undefined {
  const { abandonedCost, tokenCost, apiCost } = attributes;
  if (isAmount(abandonedCost)) return abandonedCost;
  return isPriced(attributes) ? amountOf(tokenCost) + amountOf(apiCost) : undefined;
}
