/** A budget that has been passed. */
export interface BudgetPassed {
  readonly monthly: number;
  /** As far as costs are known; above `monthly`. */
  readonly spent: number;
  /** The calendar month, UTC, `2026-11`. */
  readonly month: string;
  /** By ISO 4217. */
  readonly currency: string;
}

/** What calls to providers may cost in a calendar month, UTC, in this process. Nothing is stopped when it is passed. */
export interface Budget {
  /** In the option `currency`; above 0 and below a billion. */
  readonly monthly: number;
  /**
   * Called once a month, when more than that has been spent; also right after the start where `spent` is more already.
   * What it throws, or rejects with, is counted and stays here. Default: nobody is told.
   */
  readonly onPassed?: (passed: BudgetPassed) => void | Promise<void>;
  /**
   * What was spent in the running month before this process started, so that a restart does not forget it: an amount, or a
   * function that is asked once at the start and may take its time. If it fails, that is counted, and spending
   * counts from the start of the process on. Default: unknown, with the same effect.
   */
  readonly spent?: number | ((month: string) => number | Promise<number>);
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** Whether an amount of money can be meant. */
export function isSum(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 1e9;
}

/** What each must be. */
export const BUDGET_CHECKS: Record<
  keyof Budget,
  { readonly is: string; readonly ok: (value: unknown) => boolean }
> = {
  monthly: { is: 'a number above 0 and below 1,000,000,000', ok: (value) => isSum(value) && value > 0 },
  onPassed: { is: 'a function', ok: (value) => value === undefined || isFunction(value) },
  spent: {
    is: 'a number of at least 0 and below 1,000,000,000, or a function that returns one',
    ok: (value) => value === undefined || isSum(value) || isFunction(value),
  },
};
