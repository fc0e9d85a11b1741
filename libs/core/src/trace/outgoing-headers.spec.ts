import { describe, expect, it } from '@jest/globals';
import { w3cTraceId } from './outgoing-headers.js';
import { Tracking } from '../testing/tracking.js';

const HEX = '0af7651916cd43dd8448eb211c80319c';

describe('the headers of an outgoing call', () => {
  const headersIn = (sampleRate: number, traceId?: string): Readonly<Record<string, string>> => {
    const { tracker } = new Tracking({ sampleRate });
    return tracker.runTrace('JOB.1_TEST', () => tracker.outgoingHeaders(), { traceId });
  };

  it('carry the trace id as it is, and as a traceparent of version 00', () => {
    const { 'X-Trace-ID': traceId, traceparent, ...others } = headersIn(1, HEX);
    expect(traceId).toBe(HEX);
    expect(traceparent).toMatch(new RegExp(`^00-${HEX}-(?!0{16})[0-9a-f]{16}-01$`));
    expect(others).toEqual({});
  });

  it('say 00 of a trace that nothing has decided to keep', () => {
    expect(headersIn(0, HEX)['traceparent']).toMatch(/-00$/);
  });

  it('name another span for each call', () => {
    const { tracker } = new Tracking();
    const spans = tracker.runTrace('JOB.1_TEST', () =>
      Array.from({ length: 100 }, () => tracker.outgoingHeaders()['traceparent']?.split('-')[2]),
    );
    expect(new Set(spans).size).toBe(100);
  });

  it('are those of the trace, in whichever of its stages', () => {
    const { tracker } = new Tracking();
    tracker.runTrace('JOB.1_TEST', () => {
      const inside = tracker.trackStage('A', () => tracker.outgoingHeaders());
      expect(inside['X-Trace-ID']).toBe(tracker.traceId);
    });
  });

  it('are none outside of a trace', () => {
    expect(new Tracking().tracker.outgoingHeaders()).toEqual({});
  });

  it('are there when tracking is off, like the trace id', () => {
    const { tracker } = new Tracking({ enabled: false });
    tracker.runTrace(
      'JOB.1_TEST',
      () => {
        expect(tracker.outgoingHeaders()).toMatchObject({ 'X-Trace-ID': HEX });
      },
      { traceId: HEX },
    );
  });
});

describe('a trace id in the form of W3C', () => {
  it.each([
    ['32 hex digits are themselves', HEX, HEX],
    ['in capitals, they are small', HEX.toUpperCase(), HEX],
    ['a UUID loses its dashes', '0af76519-16cd-43dd-8448-eb211c80319c', HEX],
    ['anything else is hashed', 'order-7', 'cd75315a553ef07eb20e55a3cc895955'],
    ['too short', 'abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['zeros are not allowed', '0'.repeat(32), 'cd9e459ea708a948d5c2f5a6ca8838cf'],
  ])('%s', (_, traceId, expected) => {
    expect(w3cTraceId(traceId)).toBe(expected);
  });
});
