import { describe, expect, it } from '@jest/globals';
import type { AttributeValue } from '@followspot/core';
import { StreamGaps } from './stream-gaps.js';

const options = { stallFactor: 5, stallFloorMs: 500 };

class Gaps extends StreamGaps<{ readonly writableLength: number }> {
  protected stageDuring(from: number, to: number): string {
    return `${String(from)}-${String(to)}`;
  }
}

function gapsOf(times: readonly number[], cutAt?: number, given = options): object {
  const gaps = new Gaps({ writableLength: 0 }, given);
  for (const time of times) gaps.event(time);
  if (cutAt !== undefined) gaps.cut(cutAt);
  const found: Record<string, AttributeValue> = {};
  gaps.describe(found);
  return gaps.worstDuring === undefined ? found : { ...found, stalledDuring: gaps.worstDuring };
}

describe('The gaps of a stream', () => {
  it.each([[[]], [[7]]])('say nothing with fewer than two events', (times) => {
    expect(gapsOf(times, 10_000)).toEqual({});
  });

  it('have a mean, a p95 and a longest one, in milliseconds of the clock that was read', () => {
    expect(gapsOf([-100, 0, 100, 200, 300])).toEqual({
      gapMeanMs: 100,
      gapP95Ms: 100,
      gapMaxMs: 100,
      stalls: 0,
    });
  });

  it('are all counted, however many there are', () => {
    const times = Array.from({ length: 101 }, (_, event) => (event * (event + 1)) / 2);
    expect(gapsOf(times)).toMatchObject({ gapMeanMs: 50.5, gapMaxMs: 100 });
  });

  it('have a p95 by nearest rank, which is the longest one of fewer than twenty', () => {
    const after = (gaps: number): number[] => [
      ...Array.from({ length: gaps }, (_, event) => event * 10),
      5_000,
    ];
    expect(gapsOf(after(19))).toMatchObject({ gapP95Ms: 4_820, gapMaxMs: 4_820 });
    // Out of a histogram now, whose buckets are within 2.5 %.
    expect(gapsOf(after(20))).toMatchObject({ gapP95Ms: expect.closeTo(10, 0), gapMaxMs: 4_810 });
  });

  it('are compared with all gaps before them', () => {
    const events = Array.from({ length: 12 }, (_, event) => event * 600);
    expect(gapsOf([...events, 6_600 + 3_100])).toMatchObject({ stalls: 1, stalledDuring: '6600-9700' });
  });

  it('are stalls over the factor and the floor, and the worst one is explained', () => {
    expect(gapsOf([0, 100, 200, 900, 1_000, 2_000, 2_100])).toMatchObject({
      stalls: 2,
      stalledDuring: '1000-2000',
      gapMaxMs: 1_000,
    });
  });

  it.each<[string, number[]]>([
    ['below the floor, however far over the factor', [0, 1, 2, 500]],
    ['below the factor, however far over the floor', [0, 1_000, 2_000, 7_000]],
    ['that are the first and have nothing to be compared with', [0, 60_000, 60_100, 60_200]],
  ])('are no stalls %s', (_, times) => {
    const found = gapsOf(times);
    expect(found).toMatchObject({ stalls: 0 });
    expect(found).not.toHaveProperty('stalledDuring');
  });

  it('are judged by the options', () => {
    expect(gapsOf([0, 10, 31], undefined, { stallFactor: 2, stallFloorMs: 20 })).toMatchObject({ stalls: 1 });
    expect(gapsOf([0, 10, 31], undefined, { stallFactor: 2.2, stallFloorMs: 20 })).toMatchObject({
      stalls: 0,
    });
  });

  it('do not include the silence in which the stream was cut, which may be a stall all the same', () => {
    expect(gapsOf([0, 100, 200], 5_000)).toEqual({
      gapMeanMs: 100,
      gapP95Ms: 100,
      gapMaxMs: 100,
      stalls: 1,
      stalledDuring: '200-5000',
    });
  });
});
