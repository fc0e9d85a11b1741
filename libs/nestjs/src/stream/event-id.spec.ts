import { describe, expect, it } from '@jest/globals';
import { TRACE_ID_PATTERN } from '@followspot/core';
import fc from 'fast-check';
import { formatEventId, parseEventId } from './event-id.js';

const traceId = fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/).filter((text) => TRACE_ID_PATTERN.test(text));
const sequence = fc.integer({ min: 1, max: 999_999_999_999_999 });

describe('An event id', () => {
  it('names the trace and the place of the event', () => {
    expect(formatEventId({ traceId: 'order-17', sequence: 3 })).toBe('order-17:3');
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.record({ traceId, sequence }), (id) => {
        expect(parseEventId(formatEventId(id))).toEqual(id);
      }),
    );
  });

  it.each([
    '',
    ':',
    ':1',
    'a',
    'a:',
    'a:0',
    'a:01',
    'a:-1',
    'a:1.5',
    'a:1e3',
    'a:0x1',
    'a: 1',
    'a:1 ',
    ' a:1',
    'a:1\n',
    'a:b:1',
    '__proto__:1',
    '..:1',
    'ä:1',
    'a/b:1',
    'a:1, a:2',
    'a:9999999999999999',
    `${'a'.repeat(129)}:1`,
    `a:${'1'.repeat(100_000)}`,
    'a'.repeat(100_000),
  ])('is not %j', (text) => {
    expect(parseEventId(text)).toBeUndefined();
  });

  it('is never anything that could not have been written, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^.*:\d+$/)),
        (text) => {
          const id = parseEventId(text);
          if (id !== undefined) expect(formatEventId(id)).toBe(text);
        },
      ),
    );
  });

  it('is not something that is no text at all', () => {
    for (const value of [undefined, null, 1, {}, ['a:1']]) {
      expect(parseEventId(value as string | undefined)).toBeUndefined();
    }
  });
});
