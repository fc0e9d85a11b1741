import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExactSum } from './exact-sum.js';

/** Costs as calls state them: of little and of much, with up to twelve decimals. */
const cost = fc
  .record({ digits: fc.maxSafeNat(), decimals: fc.nat(12) })
  .map(({ digits, decimals }) => ({ digits: BigInt(digits) % 10n ** 15n, decimals }));

describe('A sum of costs', () => {
  it('is the exact decimal, whatever was added and in whatever order', () => {
    fc.assert(
      fc.property(fc.array(cost, { maxLength: 200 }), (costs) => {
        const sum = new ExactSum();
        let pico = 0n;
        for (const { digits, decimals } of costs) {
          sum.add(Number(`${digits}e-${decimals}`));
          pico += digits * 10n ** BigInt(12 - decimals);
        }
        expect(sum.value).toBe(Number(`${pico}e-12`));
      }),
    );
  });

  it('stays exact over more small costs than a number could count', () => {
    const sum = new ExactSum();
    for (let count = 0; count < 10_000; count += 1) sum.add(2_000.000_000_000_001);
    expect(sum.value).toBe(20_000_000.000_000_01);
  });
});
