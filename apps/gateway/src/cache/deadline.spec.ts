import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { withDeadline } from './deadline.js';

describe('withDeadline', () => {
  it('is the outcome of the work when that comes in time', async () => {
    await expect(withDeadline(Promise.resolve(1), 1_000)).resolves.toBe(1);
    const failure = new Error('broken');
    await expect(withDeadline(Promise.reject(failure), 1_000)).rejects.toBe(failure);
  });

  it('rejects when it does not', async () => {
    await expect(withDeadline(new Promise(() => undefined), 5)).rejects.toThrow('no answer within 5 ms');
  });

  it('rejects at once when the signal aborts, or has aborted before', async () => {
    const left = new AbortController();
    const reason = new Error('the client has left');
    const waiting = withDeadline(new Promise(() => undefined), 60_000, left.signal);
    left.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(withDeadline(new Promise(() => undefined), 60_000, left.signal)).rejects.toBe(reason);
  });

  it.each([
    ['succeeded', () => Promise.resolve(1)],
    ['failed', () => Promise.reject(new Error('broken'))],
  ])('leaves no listener on the signal when the work has %s', async (_, work) => {
    const { signal } = new AbortController();
    await withDeadline<unknown>(work(), 60_000, signal).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
