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
});
