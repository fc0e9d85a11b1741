import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Subject } from 'rxjs';
import { timeLimited } from './time-limits.js';

describe('A stream with time limits', () => {
  let source: Subject<string>;
  let seen: string[];

  beforeEach(() => {
    jest.useFakeTimers();
    source = new Subject();
    seen = [];
    const limits = { firstChunkTimeoutMs: 100, stallTimeoutMs: 10 };
    source.pipe(timeLimited(limits, (chunk) => chunk !== '')).subscribe({
      next: (chunk) => seen.push(chunk),
      error: ({ name, message }: Error) => seen.push(`${name}: ${message}`),
      complete: () => seen.push('complete'),
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('fails when no content comes, whatever else does', () => {
    source.next('');
    jest.advanceTimersByTime(60);
    source.next('');
    jest.advanceTimersByTime(39);
    expect(seen).toEqual(['', '']);
    jest.advanceTimersByTime(1);
    expect(seen.at(-1)).toBe('ProviderTimeout: no content within 100 ms');
    expect(source.observed).toBe(false);
  });

  it('fails when the content stops, whatever else goes on', () => {
    source.next('a');
    jest.advanceTimersByTime(9);
    source.next('b');
    jest.advanceTimersByTime(9);
    source.next('');
    expect(seen).toEqual(['a', 'b', '']);
    jest.advanceTimersByTime(1);
    expect(seen.at(-1)).toBe('ProviderTimeout: no further content within 10 ms');
    expect(source.observed).toBe(false);
  });

  it('ends as its source does, and leaves no timer behind', () => {
    source.next('a');
    source.complete();
    expect(seen).toEqual(['a', 'complete']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails once as its source does, and leaves no timer behind', () => {
    source.error(new TypeError('cut'));
    expect(seen).toEqual(['TypeError: cut']);
    expect(jest.getTimerCount()).toBe(0);
  });
});
