import type { StageExecution, TraceIdentity } from '@followspot/core';
import { isAmount } from './amount.js';
import { ByCurrency, known } from './cost-figures.js';
import { ExactSum } from './exact-sum.js';
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
  readonly cost: ExactSum;
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
    this.#costs = new ByCurrency(currencies, sets(), (labels) => ({ labels, cost: new ExactSum() }));
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
    for (const cost of abandonedCostsOf(attributes)) abandoned.costs.get(currency).cost.add(cost);
  }

  calls(): Sample[] {
    return this.#calls.all().map(({ labels, calls }) => sampleOf(labels, calls));
  }

  tokens(): Sample[] {
    return this.#calls.all().flatMap(({ labels, tokens }) => known(labels, tokens));
  }

  costs(): Sample[] {
    return this.#costs.all().map(({ labels, cost }) => sampleOf(labels, cost.value));
  }
}

/** A stage that is not measured, but says what it produced, says it under the name that it has otherwise. */
export function abandonedTokensOf(attributes: StageExecution['attributes']): number | undefined {
  const tokens = attributes['abandonedTokens'] ?? attributes['outputTokens'];
  return isAmount(tokens) ? tokens : undefined;
}

/** All that an abandoned call cost, as far as it is known: one amount, or that of its tokens and that of the call. */
export function abandonedCostsOf(attributes: StageExecution['attributes']): readonly number[] {
  const { abandonedCost, tokenCost, apiCost } = attributes;
  return isAmount(abandonedCost) ? [abandonedCost] : [tokenCost, apiCost].filter(isAmount);
}
