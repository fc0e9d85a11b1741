/** The most bytes that a number takes. */
export const NUMBER_BYTES = 8;
const LATIN1 = 0xff;

// Functions, and not a class with a position of its own: this runs for every stage of every trace, and a position in a
// local variable makes it twice as fast.

/**
 * Writes a number, seven bits a byte and the lowest first, so that small ones are short.
 * @param value Whole, from 0 to 2^53 - 1.
 * @returns Where the next thing goes.
 */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    bytes[at] = value;
    return at + 1;
  }
  return putLongNumber(bytes, at, value);
}

function putLongNumber(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  // Bit operations are for 32 bits.
  for (; rest > 0x7fff_ffff; at += 1) {
    bytes[at] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  for (; rest > 0x7f; at += 1) {
    bytes[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at] = rest;
  return at + 1;
}

/** The most bytes that a text takes. */
export function textBytes(text: string): number {
  return NUMBER_BYTES + text.length * 2;
}

/** Writes a text, a byte per character where each has room in it, otherwise two; returns where the next thing goes. */
export function putText(bytes: Uint8Array, from: number, text: string): number {
  let at = putNumber(bytes, from, text.length * 2);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > LATIN1) return putWideText(bytes, from, text);
    bytes[at] = unit;
    at += 1;
  }
  return at;
}

function putWideText(bytes: Uint8Array, from: number, text: string): number {
  let at = putNumber(bytes, from, text.length * 2 + 1);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    bytes[at] = unit & 0xff;
    bytes[at + 1] = unit >>> 8;
    at += 2;
  }
  return at;
}
