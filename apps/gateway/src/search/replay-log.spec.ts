import { describe, expect, it } from '@jest/globals';
import { ReplayLog } from './replay-log.js';
import type { SearchEvent } from './search-event.js';

const word = (text: unknown): SearchEvent => ({ type: 'token', text: String(text) });

function logOf(capacity: number, ...words: unknown[]) {
  const drops = { events: 0, streams: 0 };
  const log = new ReplayLog('t', 'q', [], capacity, drops);
  for (const [index, text] of words.entries()) expect(log.record(index + 1, word(text))).toBe(true);
  return { log, drops };
}

describe('A replay log', () => {
  it('has the events after each of its events', () => {
    const { log } = logOf(10, 'a', 'b', 'c');
    expect(log.after(0)).toEqual([word('a'), word('b'), word('c')]);
    expect(log.after(2)).toEqual([word('c')]);
    expect(log.after(3)).toEqual([]);
  });

  it('keeps the latest events, counts those that it drops, and says when one of them is missing', () => {
    const { log, drops } = logOf(3, 'a', 'b', 'c', 'd', 'e');
    expect(drops.events).toBe(2);
    expect(log.length).toBe(5);
    expect(log.after(2)).toEqual([word('c'), word('d'), word('e')]);
    expect(log.after(1)).toBeUndefined();
    expect(log.after(0)).toBeUndefined();
  });

  it('compares what it is told again, takes what is new, and lets pass what it has dropped', () => {
    const { log } = logOf(2, 'a', 'b', 'c');
    expect(log.record(3, word('c'))).toBe(true);
    expect(log.record(3, word('x'))).toBe(false);
    expect(log.record(1, word('x'))).toBe(true);
    expect(log.record(4, word('d'))).toBe(true);
    expect(log.after(2)).toEqual([word('c'), word('d')]);
  });

  it('is complete when it has the end', () => {
    const { log } = logOf(2);
    expect(log.isComplete).toBe(false);
    log.record(1, word('a'));
    expect(log.isComplete).toBe(false);
    log.record(2, { type: 'done', cached: false, provider: 'p', model: 'm', failover: false });
    expect(log.isComplete).toBe(true);
  });
});
