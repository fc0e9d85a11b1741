import { RunningAverage } from './running-average.js';

/** What was paid to providers after a look-up. */
export interface Spending {
  /** How many calls there were. */
  readonly calls: number;
  /** Undefined when that of one of them is not known, or they are in several currencies. */
  readonly cost: number | undefined;
  /** Of the cost, by ISO 4217; undefined where nothing says so, as when it is 0. */
  readonly currency: string | undefined;
}

/** What follows the hits of a cache, or its misses: how long it takes, and what it costs. */
export class Aftermath {
  readonly #time = new RunningAverage();
  #cost = new RunningAverage();
  #currency: string | undefined;
  #hasCalls = false;

  /** Milliseconds on average; undefined as long as nothing was added. */
  get timeMs(): number | undefined {
    return this.#time.value;
  }

  /** On average, as far as it is known. What calls no provider costs nothing that we know of. */
  get cost(): number | undefined {
    return this.#cost.value;
  }

  get currency(): string | undefined {
    return this.#currency;
  }

  /** Whether a provider was ever called. Where none is, money is not what this cache is about. */
  get hasCalls(): boolean {
    return this.#hasCalls;
  }

  add(timeMs: number, { calls, cost, currency }: Spending): void {
    this.#time.add(timeMs);
    if (calls > 0) this.#hasCalls = true;
    if (cost === undefined) return;
    if (currency !== undefined && currency !== this.#currency) {
      // Amounts of two currencies have no mean.
      if (this.#currency !== undefined) this.#cost = new RunningAverage();
      this.#currency = currency;
    }
    this.#cost.add(cost);
  }
}
