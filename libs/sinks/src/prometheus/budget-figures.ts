import { picoOf, unitsOf } from '@followspot/core';
import { type Sample, sampleOf } from './sample.js';

/** A monthly budget and what has become of it, for people. Amounts are in the currency. */
export interface BudgetSummary {
  /** The calendar month, UTC, `2026-11`. */
  readonly month: string;
  /** By ISO 4217. */
  readonly currency: string;
  readonly monthly: number;
  /** As far as costs are known, since `countedSince`. */
  readonly spent: number;
  /** Below 0 once the budget is passed. */
  readonly remaining: number;
  /** ISO 8601: the start of the month, or of the process where nobody said what was spent before. */
  readonly countedSince: string;
  /** What will have been spent at the end of the month; left out in the first hour that is counted. */
  readonly forecast?: number;
  /** Calls of the month that are not in it, because their cost is not known or in another currency. */
  readonly uncountedCalls: number;
}

/** What the sink reads a budget off at a scrape. */
export interface BudgetSource {
  budget(): BudgetSummary;
}

/** The budgets of the applications that count for one registry. */
export class BudgetFigures {
  readonly #sources = new Set<BudgetSource>();

  /** Reads this budget from now on. */
  add(source: BudgetSource): void {
    this.#sources.add(source);
  }

  remove(source: BudgetSource): void {
    this.#sources.delete(source);
  }

  /** By currency, together where several applications have one. */
  samples(what: 'monthly' | 'remaining'): Sample[] {
    const sums = new Map<string, bigint>();
    for (const summary of this.summaries()) {
      sums.set(summary.currency, (sums.get(summary.currency) ?? 0n) + picoOf(summary[what]));
    }
    return [...sums].map(([currency, sum]) => sampleOf({ currency }, unitsOf(sum)));
  }

  summaries(): BudgetSummary[] {
    return [...this.#sources].map((source) => source.budget());
  }
}
