import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatEventId } from './event-id.js';
import { ResumedEvents } from './resumed-events.js';

const AFTER = 10;

function counted(sequences: readonly number[], others: readonly unknown[] = []): object {
  const events = new ResumedEvents({ traceId: 't', sequence: AFTER });
  for (const other of others) events.sent(other);
  for (const sequence of sequences) events.sent(formatEventId({ traceId: 't', sequence }));
  const found = {};
  events.describe(found);
  return found;
}

describe('A resumed stream', () => {
  it('that goes on where the client left off repeats and loses nothing', () => {
    expect(counted([11, 12, 13])).toEqual({ duplicateEvents: 0, lostEvents: 0 });
  });

  it('is told exactly how many events were left out and how many came again', () => {
    const part = fc.record({ isSent: fc.boolean(), repeats: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.integer({ min: 1, max: AFTER })), (parts, old) => {
        const sent = parts.flatMap(({ isSent, repeats }, index) =>
          isSent ? Array<number>(1 + repeats).fill(AFTER + 1 + index) : [],
        );
        const upTo = parts.findLastIndex(({ isSent }) => isSent);
        const reached = parts.slice(0, upTo + 1);
        const duplicates = reached.reduce(
          (sum, { isSent, repeats }) => sum + (isSent ? repeats : 0),
          old.length,
        );
        const lost = reached.filter(({ isSent }) => !isSent).length;
        const isAnySent = sent.length + old.length > 0;
        expect(counted([...old, ...sent])).toEqual(
          isAnySent ? { duplicateEvents: duplicates, lostEvents: lost } : {},
        );
      }),
    );
  });

  it('accounts for every number up to the highest, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sequences) => {
        const { duplicateEvents, lostEvents } = counted(sequences) as Record<string, number>;
        const fresh = sequences.length - duplicateEvents!;
        expect(fresh + lostEvents!).toBe(Math.max(AFTER, ...sequences) - AFTER);
      }),
    );
  });

  it('does not count what is of another stream or has no number', () => {
    expect(counted([], ['other:99', '12', '', undefined, 12, null, { id: 't:99' }])).toEqual({});
    expect(counted([11], ['other:99'])).toEqual({ duplicateEvents: 0, lostEvents: 0 });
  });
});
