import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { picoOf, unitsOf } from './pico-units.js';

/** Amounts as people write them: up to fifteen digits, of which up to twelve are decimals. */
const written = fc
  .record({
    digits: fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
    decimals: fc.nat(12),
    isNegative: fc.boolean(),
  })
  .map(({ digits, decimals, isNegative }) => {
    const pico = digits * 10n ** BigInt(12 - decimals) * (isNegative ? -1n : 1n);
    return { pico, units: Number(`${isNegative ? '-' : ''}${digits}e-${decimals}`) };
  });

describe('Money', () => {
  it('is exactly what the number says, however large, and becomes that number again', () => {
    fc.assert(
      fc.property(written, ({ pico, units }) => {
        expect(picoOf(units)).toBe(pico);
        expect(unitsOf(pico)).toBe(units === 0 ? 0 : units);
      }),
    );
  });

  it('loses what rounding leaves in a small sum, and keeps numbers that have no decimals any more', () => {
    expect(picoOf(0.27 + 0.01)).toBe(280_000_000_000n);
    expect(picoOf(12_345.67)).toBe(12_345_670_000_000_000n);
    expect(picoOf(1e22)).toBe(10n ** 34n);
  });
});
