import { picoOf, unitsOf } from '@followspot/core';

/** Below this many, the nearest whole number to a product is that of its decimal, and two of them can be added. */
const EXACT_PICO = 2 ** 51;

/**
 * A sum that is the exact decimal, to twelve places, of whatever was added. Doubles would show 0.3 as
 * 0.30000000000000004; BigInt alone is exact and makes two objects for each value.
 */
export class ExactSum {
  /** Since the last carry: a whole number of millionths of a millionth below 2⁵³, so that each addition is exact. */
  #pico = 0;
  #carried = 0n;

  add(amount: number): void {
    const pico = amount * 1e12;
    if (pico >= EXACT_PICO) {
      this.#carried += picoOf(amount);
      return;
    }
    this.#pico += Math.round(pico);
    if (this.#pico < EXACT_PICO) return;
    this.#carried += BigInt(this.#pico);
    this.#pico = 0;
  }

  /** The number that is written like the sum. */
  get value(): number {
    return unitsOf(this.#carried + BigInt(this.#pico));
  }
}
