import { AsyncResource } from 'node:async_hooks';
import {
  type Clock,
  picoOf,
  type PicoUnits,
  type Sink,
  type StageCounter,
  type StageExecution,
  systemClock,
  unitsOf,
} from '@followspot/core';
import type { BudgetSource, BudgetSummary } from '@followspot/sinks/prometheus';
import { type Budget, type BudgetPassed, isSum } from './budget-options.js';
import { MonthSpend } from './month-spend.js';

/** What the sink has from the recorder that it belongs to. */
interface BudgetHost {
  readonly clock: Clock;
  reportInternalError(place: string, error: unknown): void;
}

/**
 * Adds up what calls to providers cost in a month and tells when the budget is passed. A sink of its own, so that it works
 * without metrics; they read it where they are on.
 */
export class BudgetSink implements Sink, BudgetSource {
  readonly name = 'budget';
  readonly scope = 'all';
  readonly #budget: Budget;
  readonly #currency: string;
  readonly #limit: PicoUnits;
  /** Runs outside of the request that happens to pass the budget: what is tracked there is none of its stages. */
  readonly #onPassed: ((passed: BudgetPassed) => unknown) | undefined;
  #host: BudgetHost = { clock: systemClock, reportInternalError: () => {} };
  #month: MonthSpend;
  #hasToldPassed = false;

  constructor(budget: Budget, currency: string) {
    this.#budget = budget;
    this.#currency = currency;
    this.#limit = picoOf(budget.monthly);
    this.#onPassed = budget.onPassed && AsyncResource.bind(budget.onPassed);
    this.#month = new MonthSpend(this.#host.clock.wallNow());
  }

  /** Counts from now on. Resolves when it is known, or cannot be, what was spent before; never rejects. */
  async start(host: BudgetHost): Promise<void> {
    this.#host = host;
    const month = new MonthSpend(host.clock.wallNow());
    this.#month = month;
    const before = await this.#spentBefore(month.name);
    if (before === undefined || month !== this.#now()) return;
    month.before(picoOf(before));
    this.#tellIfPassed();
  }

  record({ kind, attributes }: StageExecution): void {
    if (kind !== 'provider') return;
    const month = this.#now();
    const cost = this.#costOf(attributes);
    if (cost === undefined) {
      month.uncountedCalls += 1;
      return;
    }
    month.add(cost);
    this.#tellIfPassed();
  }

  /** Plain stages cost nothing, so nobody has to record them for the budget. */
  counterOf(): StageCounter {
    return () => {};
  }

  budget(): BudgetSummary {
    const month = this.#now();
    const forecast = month.forecast(this.#host.clock.wallNow());
    return {
      month: month.name,
      currency: this.#currency,
      monthly: this.#budget.monthly,
      spent: unitsOf(month.spent),
      remaining: unitsOf(this.#limit - month.spent),
      countedSince: month.countedSince,
      ...(forecast !== undefined && { forecast }),
      uncountedCalls: month.uncountedCalls,
    };
  }

  #now(): MonthSpend {
    const month = this.#month.at(this.#host.clock.wallNow());
    if (month !== this.#month) this.#hasToldPassed = false;
    this.#month = month;
    return month;
  }

  async #spentBefore(month: string): Promise<number | undefined> {
    const { spent } = this.#budget;
    if (typeof spent !== 'function') return spent;
    try {
      const amount: unknown = await spent(month);
      if (isSum(amount)) return amount;
      throw new RangeError(`spent must be a number of at least 0, got ${String(amount)}`);
    } catch (error) {
      this.#host.reportInternalError('provider.budget.spent', error);
      return undefined;
    }
  }

  #costOf({ tokenCost, apiCost, costCurrency }: StageExecution['attributes']): PicoUnits | undefined {
    if (costCurrency !== undefined && costCurrency !== this.#currency) return undefined;
    const known = [tokenCost, apiCost].filter(isSum);
    return known.length === 0 ? undefined : known.reduce((sum, amount) => sum + picoOf(amount), 0n);
  }

  #tellIfPassed(): void {
    if (this.#hasToldPassed || this.#month.spent <= this.#limit) return;
    this.#hasToldPassed = true;
    const { month, monthly, spent, currency } = this.budget();
    const failed = (error: unknown): void => {
      this.#host.reportInternalError('provider.budget.onPassed', error);
    };
    try {
      const told = this.#onPassed?.({ month, monthly, spent, currency });
      if (told instanceof Promise) told.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
