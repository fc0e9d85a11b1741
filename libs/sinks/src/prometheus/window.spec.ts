import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WINDOW_MS, WindowClock, WindowCount, WindowQuantiles } from './window.js';

const START = Date.UTC(2026, 10, 21);
const SLOT_MS = WINDOW_MS / 10;

function windowAt(wallMs = START): { clock: WindowClock; count: WindowCount; quantiles: WindowQuantiles } {
  const clock = new WindowClock();
  clock.advance(wallMs);
  return { clock, count: new WindowCount(clock), quantiles: new WindowQuantiles(clock) };
}

describe('The sliding window', () => {
  it('that nothing was put into has neither share nor quantiles', () => {
    const { count, quantiles } = windowAt();
    expect(count.share).toBeUndefined();
    expect(quantiles.quantiles(0.5)).toBeUndefined();
  });

  it('keeps what is younger than four and a half minutes, and nothing that is older than five', () => {
    const { clock, count, quantiles } = windowAt();
    count.add(true);
    quantiles.add(8);
    clock.advance(START + WINDOW_MS - SLOT_MS);
    count.add(false);
    expect(count.totals).toEqual({ count: 2, marked: 1 });
    expect(quantiles.quantiles(1)).toHaveLength(1);
    clock.advance(START + WINDOW_MS);
    expect(count.totals).toEqual({ count: 1, marked: 0 });
    expect(quantiles.quantiles(1)).toBeUndefined();
  });

  it('begins anew in a slot that comes round again', () => {
    const { clock, count, quantiles } = windowAt();
    count.add(true);
    quantiles.add(8_000);
    clock.advance(START + WINDOW_MS);
    count.add(false);
    quantiles.add(8);
    expect(count.totals).toEqual({ count: 1, marked: 0 });
    expect(quantiles.quantiles(1)![0]).toBeLessThan(10);
  });

  it('counts a stage that ends a little before the others as one of now', () => {
    const { clock, count } = windowAt();
    count.add(false);
    clock.advance(START - SLOT_MS);
    count.add(false);
    expect(count.totals.count).toBe(2);
  });

  it('has what was counted in a slot still when the clock is set back to it', () => {
    const { clock, count } = windowAt();
    count.add(true);
    // To a slot that is far from it and has another place.
    clock.advance(START + WINDOW_MS + SLOT_MS);
    count.add(false);
    expect(count.totals).toEqual({ count: 1, marked: 0 });
    clock.advance(START);
    expect(count.totals).toEqual({ count: 1, marked: 1 });
    count.add(true);
    expect(count.totals).toEqual({ count: 2, marked: 2 });
  });

  it.each([-3_600_000, 3_600_000])('goes on when the clock is set by %p ms', (byMs) => {
    const { clock, count } = windowAt();
    count.add(true);
    clock.advance(START + byMs);
    expect(count.share).toBeUndefined();
    count.add(false);
    expect(count.totals).toEqual({ count: 1, marked: 0 });
    clock.advance(START + byMs + SLOT_MS);
    expect(count.totals.count).toBe(1);
  });

  it.each([Number.NaN, Infinity, -Infinity, -1])('survives the moment %p', (wallMs) => {
    const { clock, count } = windowAt();
    clock.advance(wallMs);
    count.add(true);
    expect(count.share).toBe(1);
  });

  it('tells quantiles of all ten slots together', () => {
    const { clock, quantiles } = windowAt();
    for (let slot = 0; slot < 10; slot += 1) {
      clock.advance(START + slot * SLOT_MS);
      for (let n = 1; n <= 10; n += 1) quantiles.add(slot * 10 + n);
    }
    const [least, median, p95, most] = quantiles.quantiles(0, 0.5, 0.95, 1)!;
    expect(least).toBeCloseTo(1, 1);
    for (const [found, exact] of [
      [median, 50],
      [p95, 95],
      [most, 100],
    ] as const) {
      expect(Math.abs(found! - exact)).toBeLessThanOrEqual(exact * 0.035);
    }
  });

  it('tells quantiles within 3 % of the nearest rank, whatever was measured', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.95, 0.99, 1),
        (durations, share) => {
          const { quantiles } = windowAt();
          for (const durationMs of durations) quantiles.add(durationMs);
          const sorted = durations.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
          const [found] = quantiles.quantiles(share)!;
          expect(Math.abs(found! - exact)).toBeLessThanOrEqual(exact * 0.035);
        },
      ),
    );
  });
});
