import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GapHistogram } from './gap-histogram.js';

/** By nearest rank over everything. */
function exact(gaps: readonly number[], share: number): number {
  return gaps.toSorted((a, b) => a - b)[Math.ceil(share * gaps.length) - 1]!;
}

function expectClose(found: number | undefined, right: number): void {
  expect(Math.abs(found! - right)).toBeLessThanOrEqual(Math.max(0.1, right * 0.025));
}

const gap = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 200, noNaN: true }),
  fc.double({ min: 0, max: 3_600_000, noNaN: true }),
  fc.constantFrom(0, 0.1, 0.105, 1, 50, 3_600_000),
);

describe('A gap histogram', () => {
  it('has the median and p95 of all gaps within 2.5 % or 0.1 ms, after each of them', () => {
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 200 }), (gaps) => {
        const histogram = new GapHistogram();
        for (const [index, each] of gaps.entries()) {
          histogram.add(each);
          const soFar = gaps.slice(0, index + 1);
          expectClose(histogram.median, exact(soFar, 0.5));
          expectClose(histogram.quantile(0.95), exact(soFar, 0.95));
        }
      }),
    );
  });

  it('has the mean and the longest gap exactly', () => {
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1 }), (gaps) => {
        const histogram = new GapHistogram();
        for (const each of gaps) histogram.add(each);
        expect(histogram.longest).toBe(Math.max(...gaps));
        expect(histogram.mean).toBeCloseTo(gaps.reduce((sum, each) => sum + each) / gaps.length, 6);
      }),
    );
  });

  it('tells of all gaps by length, each within 2.5 % or 0.1 ms, and their exact sum', () => {
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 200 }), (gaps) => {
        const histogram = new GapHistogram();
        for (const each of gaps) histogram.add(each);
        const told: number[] = [];
        histogram.forEach((gapMs, count) => told.push(...Array.from<number>({ length: count }).fill(gapMs)));
        expect(told).toHaveLength(gaps.length);
        for (const [index, right] of gaps.toSorted((a, b) => a - b).entries())
          expectClose(told[index], right);
        expect(histogram.sum).toBe(gaps.reduce((sum, each) => sum + each));
      }),
    );
  });

  it('never tells of a gap that is shorter or longer than every one there was', () => {
    const histogram = new GapHistogram();
    for (let index = 0; index < 100; index += 1) histogram.add(50);
    expect(histogram.median).toBe(50);
    expect(histogram.quantile(0.95)).toBe(50);
  });

  it('knows of gaps over an hour only the longest', () => {
    const histogram = new GapHistogram();
    for (const hours of [2, 3, 30]) histogram.add(hours * 3_600_000);
    expect(histogram.median).toBe(30 * 3_600_000);
  });

  it('knows nothing before the first gap', () => {
    expect(new GapHistogram().median).toBeUndefined();
    expect(new GapHistogram().quantile(0.95)).toBeUndefined();
  });
});
