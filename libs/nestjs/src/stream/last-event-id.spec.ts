import { describe, expect, it } from '@jest/globals';
import { resumptionOf } from './last-event-id.js';

describe('A Last-Event-ID header', () => {
  it.each([undefined, ''])('that is absent or empty (%j) resumes nothing', (header) => {
    expect(resumptionOf(header)).toBeUndefined();
  });

  it('in the format of Followspot names the trace that is continued', () => {
    expect(resumptionOf('t-1:17')).toEqual({
      attributes: { lastEventId: 't-1:17', continuesTraceId: 't-1' },
      after: { traceId: 't-1', sequence: 17 },
    });
  });

  it.each(['17', 'a b', '{"page":2}', 't-1:0', 'a,b', 'x'.repeat(256)])(
    'in another format (%j) is taken as it is',
    (header) => {
      expect(resumptionOf(header)).toEqual({ attributes: { lastEventId: header }, after: undefined });
    },
  );

  it.each(['x'.repeat(257), 't:1, t:2', 'a\tb', 'caf\u00e9', 'a\u0000', '\u007f', 'a\u2028b'])(
    'that nobody should trust (%j) is rejected and not repeated',
    (header) => {
      expect(resumptionOf(header)).toEqual({ attributes: { lastEventIdRejected: true }, after: undefined });
    },
  );

  it('that comes as a list is rejected', () => {
    expect(resumptionOf(['t:1'])?.attributes).toEqual({ lastEventIdRejected: true });
  });
});
