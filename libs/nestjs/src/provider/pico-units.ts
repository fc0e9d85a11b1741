/**
 * Money in whole millionths of a millionth of a unit: the price of one token at up to six decimals a million. Sums of
 * these are exact; what JavaScript's numbers make of 0.27 + 0.01 is not.
 */
export type PicoUnits = bigint;

/** The price of one token. @param perMillion Units per million tokens, with at most six decimals. */
export function picoPerToken(perMillion: number): PicoUnits {
  return BigInt(Math.round(perMillion * 1e6));
}

/** The nearest amount; exact for a sum that has picked up rounding errors of binary fractions, below 100 units. */
export function picoOf(units: number): PicoUnits {
  return BigInt(Math.round(units * 1e12));
}

/** The number that is written like the amount. */
export function unitsOf(pico: PicoUnits): number {
  return Number(`${pico}e-12`);
}
