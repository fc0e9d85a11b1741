import { describe, expect, it } from '@jest/globals';
import { isSameEvent, type SearchEvent } from './search-event.js';

const SOURCE = { file: 'a.md', heading: 'A', score: 1 };
const EVENTS: SearchEvent[] = [
  { type: 'restart', reason: 'unknown' },
  { type: 'sources', sources: [] },
  { type: 'sources', sources: [SOURCE] },
  { type: 'token', text: 'a ' },
  { type: 'token', text: 'a' },
  { type: 'done', cached: false, provider: 'p', model: 'm', failover: false },
  { type: 'shutdown' },
];

describe('isSameEvent', () => {
  it.each(EVENTS)('tells %j from every other one and knows its copy', (event) => {
    expect(EVENTS.filter((other) => isSameEvent(event, other))).toEqual([event]);
    expect(isSameEvent(event, structuredClone(event))).toBe(true);
  });

  it('does not ask where an answer was found', () => {
    expect(
      isSameEvent(
        { type: 'done', cached: false, provider: 'p', model: 'm', failover: false },
        { type: 'done', cached: 'l1', provider: 'p', model: 'm', failover: false },
      ),
    ).toBe(true);
  });
});
