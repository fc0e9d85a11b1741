import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { valuesAtRanks } from './values-at-ranks.js';

/** More than are sorted. */
const MANY = 5_000;

/** Durations of one kind, as often as need be to be many. */
function many(few: readonly number[]): Float64Array {
  return Float64Array.from({ length: MANY + few.length }, (_, at) => few[(at * 7) % few.length] ?? 0);
}

function ranksOf(values: Float64Array): number[] {
  return [0, 0.25, 0.5, 0.95, 0.99, 1].map((share) => Math.round(share * (values.length - 1)));
}

function expectAsSorted(values: Float64Array): void {
  const before = values.slice();
  const ranks = ranksOf(values);
  const sorted = values.toSorted();
  expect(valuesAtRanks(values, ranks)).toEqual(ranks.map((rank) => sorted[rank]));
  expect(values).toEqual(before);
}

describe('values at ranks', () => {
  const duration = (mostUs: number): fc.Arbitrary<number> =>
    fc.integer({ min: 0, max: mostUs }).map((whole) => whole / 1_000);

  it.each([
    ['of all lengths', 0, 5_000_000_000],
    ['within a microsecond or two', 0, 2],
    ['close to a second', 1_000, 20],
    ['close to an hour', 3_600_000, 200],
    ['close to a day', 86_400_000, 1],
  ])('are those of the sorted values: %s', (_, baseMs, spreadUs) => {
    fc.assert(
      fc.property(fc.array(duration(spreadUs), { minLength: 1, maxLength: 300, size: 'max' }), (few) => {
        const at = few.map((value) => Math.round((baseMs + value) * 1_000) / 1_000);
        expectAsSorted(Float64Array.from(at));
        expectAsSorted(many(at));
      }),
      { numRuns: 8 },
    );
  });

  it.each([
    ['many close together and one far away', [12, 12.001, 12.002, 12.003, 12, 12.004, 100_000]],
    ['all the same', [7]],
    ['nothing but 0', [0]],
    ['what no clock says', [0, 1e-320, 5e-324, 1e-310]],
    ['what has no order', [Number.NaN, 3, Infinity]],
  ])('are those of the sorted values: %s', (_, few) => {
    expectAsSorted(many(few));
  });
});
