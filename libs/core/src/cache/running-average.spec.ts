import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RunningAverage } from './running-average.js';

const amount = fc.double({ min: 0, max: 1e9, noNaN: true });

function averageOf(values: readonly number[]): RunningAverage {
  const average = new RunningAverage();
  for (const value of values) average.add(value);
  return average;
}

describe('A running average', () => {
  it('of nothing is unknown', () => {
    expect(new RunningAverage().value).toBeUndefined();
  });

  it('of up to a hundred values is their mean', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 100 }), (values) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(averageOf(values).value).toBeCloseTo(mean, 3);
      }),
    );
  });

  it('is never outside of what it has seen', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 400 }), (values) => {
        const { value } = averageOf(values);
        const tolerance = 1e-9 * Math.max(...values);
        expect(value).toBeGreaterThanOrEqual(Math.min(...values) - tolerance);
        expect(value).toBeLessThanOrEqual(Math.max(...values) + tolerance);
      }),
    );
  });

  it('follows a change within 500 values, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 1_000 }), amount, (before, after) => {
        const { value } = averageOf([...before, ...Array.from({ length: 500 }, () => after)]);
        const gap = Math.max(...before, after) - Math.min(...before, after);
        expect(Math.abs(value! - after)).toBeLessThanOrEqual(0.01 * gap + 1e-6);
      }),
      { numRuns: 30 },
    );
  });
});
