import { describe, expect, it } from '@jest/globals';
import { RecentErrors, WINDOW_MS } from './recent-errors.js';

describe('Recent errors', () => {
  it('are all there were, when nobody has looked before', () => {
    expect(new RecentErrors().inWindow(3, WINDOW_MS * 9)).toBe(3);
  });

  it('are no longer recent after five minutes without a new one', () => {
    const errors = new RecentErrors();
    expect(errors.inWindow(0, 0)).toBe(0);
    expect(errors.inWindow(2, 20_000)).toBe(2);
    expect(errors.inWindow(2, WINDOW_MS)).toBe(2);
    expect(errors.inWindow(2, WINDOW_MS + 20_000)).toBe(0);
    expect(errors.inWindow(3, WINDOW_MS + 40_000)).toBe(1);
  });

  it('do not pile up readings, however often they are asked for', () => {
    const errors = new RecentErrors();
    for (let nowMs = 0; nowMs < WINDOW_MS * 3; nowMs += 100) errors.inWindow(1, nowMs);
    expect(errors.size).toBeLessThanOrEqual(32);
    expect(errors.inWindow(1, WINDOW_MS * 3)).toBe(0);
  });
});
