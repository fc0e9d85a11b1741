import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CapturedContent } from './captured-content.js';

const MOST = 12;

function captured(pieces: readonly string[], replacement: string): string | undefined {
  const content = new CapturedContent(MOST);
  for (const piece of pieces) content.add(piece);
  return content.redacted((text) => text.replaceAll(/<-*>/g, replacement));
}

describe('Captured content', () => {
  it('of a short text is all of it', () => {
    expect(captured(['a <--> b'], '*')).toBe('a * b');
  });

  it('is cut after the redaction, so that a secret is whole when it is looked for', () => {
    expect(captured(['0123456789 <-', '-> and more'], '')).toBe('0123456789  ');
  });

  it('is as long as it may be, where a text that was too long gets no shorter', () => {
    expect(captured(['x'.repeat(100)], '')).toBe('x'.repeat(MOST));
    expect(captured(['x'.repeat(2 * MOST)], '')).toBe('x'.repeat(MOST));
  });

  it('has nothing of a secret that was cut, also where others before it left little', () => {
    expect(captured(['<---->0<---->12<----', '-----> and more'], '')).toBe('');
  });

  it('never has any part of a secret that is no longer than what is kept', () => {
    const secret = fc.nat({ max: MOST - 2 }).map((length) => `<${'-'.repeat(length)}>`);
    const plain = fc.string({ unit: fc.constantFrom('a', 'b', ' ') });
    const pieces = fc.array(fc.oneof(secret, plain), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, fc.constantFrom('', '*', '[removed]'), (given, replacement) => {
        const kept = captured(given, replacement) ?? '';
        expect(kept).not.toMatch(/[<>-]/);
        expect(kept.length).toBeLessThanOrEqual(MOST);
      }),
    );
  });
});
