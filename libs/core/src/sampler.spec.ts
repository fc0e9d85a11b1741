import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketOf, Sampler } from './sampler.js';

/** Made by tools/sampling-table with the reference's own formula, in Python. */
const REFERENCE = readFileSync(new URL('./testing/sampling-table.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [bucket = '', threadId = ''] = line.split('\t');
    return { bucket: Number(bucket), threadId: JSON.parse(threadId) as string };
  });

const rate = fc.double({ min: 0, max: 1, noNaN: true });

function shareOf(sampler: Sampler, ids: number): number {
  let sampled = 0;
  for (let id = 0; id < ids; id += 1) if (sampler.isSampled(`thread-${id}`)) sampled += 1;
  return sampled / ids;
}

describe('Sampler', () => {
  it('puts 1,000 thread ids of every kind into the buckets of the reference implementation', () => {
    expect(REFERENCE).toHaveLength(1_000);
    expect(new Set(REFERENCE.map(({ bucket }) => bucket)).size).toBe(100);
    expect(REFERENCE.filter(({ bucket, threadId }) => bucketOf(threadId) !== bucket)).toEqual([]);
  });

  it.each(Array.from({ length: 101 }, (_, percent) => percent))(
    'decides at %i percent as the reference does: kept when the bucket is below it',
    (percent) => {
      const sampler = new Sampler(percent / 100);
      const wrong = REFERENCE.filter(
        ({ bucket, threadId }) => sampler.isSampled(threadId) !== bucket < percent,
      );
      expect(wrong).toEqual([]);
    },
  );

  it('gives one thread id the same answer every time and in every instance', () => {
    fc.assert(
      fc.property(rate, fc.string({ unit: 'binary' }), (sampleRate, threadId) => {
        const first = new Sampler(sampleRate).isSampled(threadId);
        const sampler = new Sampler(sampleRate);
        expect([sampler.isSampled(threadId), sampler.isSampled(threadId)]).toEqual([first, first]);
      }),
    );
  });

  it('keeps at a higher rate whatever it keeps at a lower one', () => {
    fc.assert(
      fc.property(rate, rate, fc.uuid(), (one, other, threadId) => {
        const lower = new Sampler(Math.min(one, other)).isSampled(threadId);
        const higher = new Sampler(Math.max(one, other)).isSampled(threadId);
        expect(lower && !higher).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never changes a decision of the whole percents around a finer rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (percent, part) => {
          const sampler = new Sampler((percent + part) / 100);
          const wrong = REFERENCE.filter(({ bucket, threadId }) => {
            if (bucket === percent) return false;
            return sampler.isSampled(threadId) !== bucket < percent;
          });
          expect(wrong).toEqual([]);
        },
      ),
    );
  });

  it.each([
    { sampleRate: 0.001, ids: 200_000 },
    { sampleRate: 0.005, ids: 100_000 },
    { sampleRate: 0.125, ids: 20_000 },
  ])('keeps a share of $sampleRate of the ids, within five standard deviations', ({ sampleRate, ids }) => {
    const deviation = Math.sqrt((sampleRate * (1 - sampleRate)) / ids);
    expect(Math.abs(shareOf(new Sampler(sampleRate), ids) - sampleRate)).toBeLessThan(5 * deviation);
  });

  it('keeps nothing at 0 and everything at 1', () => {
    expect([shareOf(new Sampler(0), 1_000), shareOf(new Sampler(1), 1_000)]).toEqual([0, 1]);
  });

  it.each([NaN, -1, -0.000_001, 1.5, Infinity, -Infinity, '', '0.5', null, undefined])(
    'refuses %p as a rate',
    (sampleRate) => {
      expect(() => new Sampler(sampleRate as number)).toThrow(
        new RangeError(`sampleRate must be a number from 0 to 1, got ${String(sampleRate)}`),
      );
    },
  );
});
