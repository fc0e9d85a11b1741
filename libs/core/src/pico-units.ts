/**
 * Money in whole millionths of a millionth of a unit: the price of one token at up to six decimals a million. Sums of
 * these are exact; what JavaScript's numbers make of 0.27 + 0.01 is not.
 */
export type PicoUnits = bigint;

/** Below this many, a product has the nearest whole number that its decimal has. */
const EXACT_PICO = 2 ** 51;

/** The amount that is written like the number, to twelve decimals; also takes away what rounding left in small sums. */
export function picoOf(units: number): PicoUnits {
  const pico = units * 1e12;
  if (Math.abs(pico) < EXACT_PICO) return BigInt(Math.round(pico));
  const whole = BigInt(Math.trunc(units)) * 1_000_000_000_000n;
  if (Number.isInteger(units)) return whole;
  // So large a fraction is never written with an exponent.
  const decimals = String(units).replace(/^-?\d+/, units < 0 ? '-0' : '0');
  return whole + BigInt(Math.round(Number(decimals) * 1e12));
}

/** The number that is written like the amount. */
export function unitsOf(pico: PicoUnits): number {
  return Number(`${pico}e-12`);
}
