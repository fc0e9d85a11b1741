import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BucketCounts } from './bucket-counts.js';

describe('Counts of buckets', () => {
  it('are those of a table that had room for everything', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(360)), (buckets) => {
        const counts = new BucketCounts();
        for (const bucket of buckets) counts.add(bucket);
        for (let bucket = -1; bucket < 400; bucket += 1)
          expect(counts.of(bucket)).toBe(buckets.filter((each) => each === bucket).length);
        for (const bucket of buckets) {
          expect(bucket).toBeGreaterThanOrEqual(counts.first);
          expect(bucket).toBeLessThan(counts.end);
        }
      }),
    );
  });

  it('go on beyond what a byte holds, and two bytes, and leave the others as they are', () => {
    const counts = new BucketCounts();
    counts.add(3);
    for (let count = 1; count <= 70_000; count += 1) {
      counts.add(200);
      if (count % 127 === 0 || count === 256 || count === 65_536) expect(counts.of(200)).toBe(count);
    }
    counts.add(330);
    expect([3, 200, 330].map((bucket) => counts.of(bucket))).toEqual([1, 70_000, 1]);
  });
});
