import { describe, expect, it } from '@jest/globals';
import type { ExecutionSummary } from '@followspot/nestjs';
import { SearchMessages } from './search-messages.js';

const token = (sequence: number) => ({ type: 'token', text: 'a', id: { traceId: 'old', sequence } }) as const;

describe('The messages of a search', () => {
  it('have the id of the stream and the trace of the request', () => {
    const messages = new SearchMessages('new', 'old:4', 100);
    expect(messages.of(token(5))).toMatchObject({
      type: 'token',
      id: 'old:5',
      data: { traceId: 'new', text: 'a' },
    });
  });

  it('tell once when to come back, and do so at different times after a shutdown', () => {
    const messages = new SearchMessages('t', undefined, 100);
    expect([messages.of(token(1)).retry, messages.of(token(2)).retry]).toEqual([100, undefined]);
    const retries = Array.from({ length: 50 }, () => messages.of({ type: 'shutdown' }).retry ?? 0);
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...retries)).toBeLessThanOrEqual(300);
    expect(new Set(retries).size).toBeGreaterThan(1);
  });

  it('have an id also where the event has none', () => {
    const messages = new SearchMessages('t', undefined, 100);
    messages.of(token(7));
    expect(messages.of({ type: 'shutdown' }).id).toBe('old:8');
    expect(new SearchMessages('t', 'garbage', 100).of({ type: 'shutdown' }).id).toBe('t:1');
  });

  it('carry the summary only where there is one', () => {
    const summary = { traceId: 't' } as ExecutionSummary;
    const messages = new SearchMessages('t', undefined, 100);
    const done = { cached: false, provider: 'p', model: 'm', failover: false } as const;
    expect(messages.of({ type: 'done', ...done }, summary).data).toEqual({ traceId: 't', ...done, summary });
    expect(messages.of({ type: 'done', ...done }).data).toEqual({ traceId: 't', ...done });
  });
});
