import type { StageExecution } from '../stage/stage-execution.js';
import type { Spending } from './aftermath.js';
import type { CacheSavings } from './cache-savings.js';

/** A look-up that has hit or missed. */
interface Lookup {
  /** The name of the cache. */
  readonly cache: string;
  /** Whether it found something. */
  readonly isHit: boolean;
  /** Epoch milliseconds. */
  readonly endedAt: number;
}

/** The look-ups in caches of one trace, until it is known what followed them. */
export class TraceLookups {
  readonly #lookups: Lookup[] = [];

  /** A look-up has ended. At most as many are remembered as a trace has stages. */
  add(lookup: Lookup): void {
    this.#lookups.push(lookup);
  }

  /**
   * The trace has ended well. What followed a look-up reaches to the next look-up in the same cache or to the end, so
   * that nothing counts twice for one cache.
   * @param isWhole Whether all its stages were recorded; otherwise a call of a provider may be missing.
   */
  settle(root: StageExecution, isWhole: boolean, savings: CacheSavings): void {
    const calls = isWhole ? callsIn(root) : undefined;
    const nextIn = new Map<string, number>();
    for (const { cache, isHit, endedAt } of this.#lookups.toReversed()) {
      const next = nextIn.get(cache);
      nextIn.set(cache, endedAt);
      const timeMs = Math.max(0, (next ?? root.startedAt + root.durationMs) - endedAt);
      savings.add(cache, isHit, timeMs, spendingOn(calls, endedAt, next ?? Infinity));
    }
  }
}

/** The calls of providers in a tree. A loop: a tree may be deeper than the stack. */
function callsIn(root: StageExecution): StageExecution[] {
  const calls: StageExecution[] = [];
  const pending = [root];
  for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
    if (stage.kind === 'provider') calls.push(stage);
    for (const substage of stage.substages) pending.push(substage);
  }
  return calls;
}

/** What those calls cost that were begun in this time. */
function spendingOn(calls: readonly StageExecution[] | undefined, from: number, until: number): Spending {
  const begun = calls?.filter(({ startedAt }) => startedAt >= from && startedAt < until);
  let cost: number | undefined = begun && 0;
  const currencies = new Set<string>();
  for (const { attributes } of begun ?? []) {
    const { tokenCost, apiCost, costCurrency } = attributes;
    const isKnown = isAmount(tokenCost ?? apiCost) && isAmount(apiCost ?? 0);
    cost = isKnown && cost !== undefined ? cost + Number(tokenCost ?? 0) + Number(apiCost ?? 0) : undefined;
    if (typeof costCurrency === 'string') currencies.add(costCurrency);
  }
  const [currency, other] = currencies;
  return { calls: begun?.length ?? 0, cost: other === undefined ? cost : undefined, currency };
}

/** Whether an attribute is an amount of money; one that is negative or huge would spoil every average. */
function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
