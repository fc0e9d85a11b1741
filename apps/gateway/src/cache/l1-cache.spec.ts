import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ExecutionTracker } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import type { CachedAnswer } from './cached-answer.js';
import { L1Cache } from './l1-cache.service.js';

const answer = (text: string): CachedAnswer => ({ sources: [], text });
const setAttribute = jest.fn();

function cache(environment: Record<string, string>): L1Cache {
  return new L1Cache(new GatewayConfig(environment), { setAttribute } as unknown as ExecutionTracker);
}

describe('L1Cache', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    // The clock of a process is never at 0, which lru-cache takes for no time at all.
    jest.advanceTimersByTime(1);
    setAttribute.mockClear();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('forgets an answer when its time is over, and says so once', () => {
    const answers = cache({ L1_TTL_MS: '1000' });
    answers.store('q', answer('a'));
    jest.advanceTimersByTime(999);
    expect(answers.lookup('q')).toEqual(answer('a'));
    expect(setAttribute).not.toHaveBeenCalled();
    jest.advanceTimersByTime(2);
    expect(answers.peek('q')).toBeUndefined();
    expect(answers.lookup('q')).toBeUndefined();
    expect(setAttribute.mock.calls).toEqual([['expired', true]]);
    expect(answers.lookup('q')).toBeUndefined();
    expect(setAttribute).toHaveBeenCalledTimes(1);
  });

  it('has the answers that were used last, and says how many made room', () => {
    const answers = cache({ L1_MAX_ANSWERS: '2' });
    expect(answers.store('a', answer('a'))).toEqual({ isStored: true, evicted: 0 });
    expect(answers.store('b', answer('b'))).toEqual({ isStored: true, evicted: 0 });
    answers.lookup('a');
    expect(answers.store('c', answer('c'))).toEqual({ isStored: true, evicted: 1 });
    expect([answers.lookup('a'), answers.lookup('b')]).toEqual([answer('a'), undefined]);
    expect(answers.store('c', answer('another'))).toEqual({ isStored: true, evicted: 0 });
  });

  it('holds no more text than it may, and not an answer that alone is more', () => {
    const answers = cache({ L1_MAX_BYTES: '100' });
    for (const key of ['a', 'b', 'c']) answers.store(key, answer('x'.repeat(30)));
    expect(answers.store('d', answer('x'.repeat(90)))).toEqual({ isStored: true, evicted: 3 });
    expect(answers.store('e', answer('ü'.repeat(60)))).toEqual({ isStored: false, evicted: 0 });
    expect(answers.lookup('d')).toBeDefined();
  });
});
