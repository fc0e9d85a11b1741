import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { acceptTraceId, createTraceId } from './trace-id.js';

const UUID = '0b7a5c9e-6c1f-4b53-9c5e-0d1f2a3b4c5d';

describe('acceptTraceId', () => {
  it.each([
    UUID,
    UUID.replaceAll('-', ''),
    'req_42',
    'V1StGXR8_Z5jdHi6B-myT',
    '_a',
    '-a',
    '...',
    'a..b',
    'constructor',
  ])('accepts %p', (header) => {
    expect(acceptTraceId(header)).toBe(header);
  });

  it('accepts 128 characters and refuses 129', () => {
    expect(acceptTraceId('a'.repeat(128))).toBe('a'.repeat(128));
    expect(acceptTraceId('a'.repeat(129))).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['spaces', '   '],
    ['a space at the end', 'abc '],
    ['a line break at the end', 'abc\n'],
    ['two headers, joined by Node', 'abc, def'],
    ['two headers, as a list', ['abc', 'def']],
    ['one header, as a list', ['abc']],
    ['10 KB', 'a'.repeat(10_240)],
    ['a tab', 'a\tb'],
    ['forged log fields', 'a=1 tenant=x'],
    ['JSON', '{"a":1}'],
    ['HTML', '<script>alert(1)</script>'],
    ['UTF-8', 'größe'],
    ['UTF-8 as Node hands it over', Buffer.from('größe').toString('latin1')],
    ['an emoji', '🎭'],
    ['a path', '../../etc/passwd'],
    ['the folder itself', '.'],
    ['the folder above', '..'],
    ['the prototype', '__proto__'],
    ['a null byte', 'a\0'],
    ['a number at run time', 42 as unknown as string],
  ])('refuses %s', (_, header) => {
    expect(acceptTraceId(header)).toBeUndefined();
  });

  it('accepts nothing that would have to be escaped in a URL path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (header) => {
        const accepted = acceptTraceId(header);
        if (accepted !== undefined) expect(new URL(`http://h/${accepted}/x`).pathname).toBe(`/${header}/x`);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('createTraceId', () => {
  it('makes 32 lowercase hex digits, a valid W3C trace id that is accepted again', () => {
    const traceId = createTraceId();
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(acceptTraceId(traceId)).toBe(traceId);
  });

  it('makes a new one each time', () => {
    expect(new Set(Array.from({ length: 1_000 }, createTraceId)).size).toBe(1_000);
  });
});
