import type { StageExecution } from '@followspot/core';
import { isAmount } from './amount.js';
import { ExactSum } from './exact-sum.js';
import { ByLabel, type LabelSets, type LabelValues, OTHER } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';

/** What calls cost in one currency; undefined until something is known: that is not 0. */
export interface Costs {
  tokenCost: ExactSum | undefined;
  apiCost: ExactSum | undefined;
}

/**
 * What is counted per currency beside other labels. Amounts of different currencies are never added, so combinations
 * beyond the bound share one for each currency.
 */
export class ByCurrency<T> {
  readonly #currencies: LabelValues;
  readonly #sets: LabelSets;
  readonly #make: (labels: Labels) => T;
  readonly #all: T[] = [];
  readonly #beyond = new Map<string, T>();

  constructor(currencies: LabelValues, sets: LabelSets, make: (labels: Labels) => T) {
    this.#currencies = currencies;
    this.#sets = sets;
    this.#make = make;
  }

  /** Those with these labels. */
  of(labels: Labels): ByLabel<T> {
    const isOther = Object.values(labels).every((value) => value === OTHER);
    return new ByLabel(this.#currencies, (currency) => {
      if (!isOther && this.#sets.admitsOneMore()) return this.#made({ ...labels, currency });
      const others = Object.keys(labels).map((name) => [name, OTHER] as const);
      let shared = this.#beyond.get(currency);
      shared ??= this.#made({ ...Object.fromEntries(others), currency });
      this.#beyond.set(currency, shared);
      return shared;
    });
  }

  all(): readonly T[] {
    return this.#all;
  }

  #made(labels: Labels): T {
    const made = this.#make(labels);
    this.#all.push(made);
    return made;
  }
}

/** Adds what a call says that it cost. */
export function spend(on: Costs, { tokenCost, apiCost }: StageExecution['attributes']): void {
  if (isAmount(tokenCost)) (on.tokenCost ??= new ExactSum()).add(tokenCost);
  if (isAmount(apiCost)) (on.apiCost ??= new ExactSum()).add(apiCost);
}

/** Whether a call says what it cost. */
export function isPriced({ tokenCost, apiCost }: StageExecution['attributes']): boolean {
  return isAmount(tokenCost) || isAmount(apiCost);
}

/** The line of a figure that is left out where nobody knows it. */
export function known(labels: Labels, value: number | undefined): Sample[] {
  return value === undefined ? [] : [sampleOf(labels, value)];
}
