import type { Attributes } from '../stage/stage-execution.js';
import { END, FALSE, FRACTION, LONGEST_TEXT, OBJECT, TEXT, TRUE, WHOLE } from './attribute-codes.js';
import type { GrowingBytes } from './growing-bytes.js';
import type { Names } from './names.js';
import { NUMBER_BYTES, putNumber, putText } from './put-bytes.js';

/** The most bytes that an attribute takes: its key, what its value is, and the value. */
const ATTRIBUTE_BYTES = NUMBER_BYTES + 1 + NUMBER_BYTES + 2 * LONGEST_TEXT;

const fraction = new Float64Array(1);
const fractionBytes = new Uint8Array(fraction.buffer);

/**
 * Writes attributes in their order and returns where the next thing goes. Objects would outlive the request, and what
 * outlives it is what collecting garbage costs.
 */
export function writeAttributes(
  attributes: Attributes,
  from: number,
  to: GrowingBytes,
  keys: Names,
  objects: unknown[],
): number {
  let at = from;
  // In this form V8 looks neither for the keys nor for the values of objects that it has seen the like of.
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const bytes = to.reserve(at, ATTRIBUTE_BYTES);
    at = putNumber(bytes, at, keys.numberOf(key));
    at = putValue(bytes, at, attributes[key], objects);
  }
  return putNumber(to.reserve(at, NUMBER_BYTES), at, END);
}

function putValue(bytes: Uint8Array, at: number, value: unknown, objects: unknown[]): number {
  if (typeof value === 'string' && value.length <= LONGEST_TEXT) {
    bytes[at] = TEXT;
    return putText(bytes, at + 1, value);
  }
  if (typeof value === 'number') return putFigure(bytes, at, value);
  if (typeof value === 'boolean') {
    bytes[at] = value ? TRUE : FALSE;
    return at + 1;
  }
  bytes[at] = OBJECT;
  objects.push(value);
  return at + 1;
}

function putFigure(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0 && Number.isSafeInteger(value) && !Object.is(value, -0)) {
    bytes[at] = WHOLE;
    return putNumber(bytes, at + 1, value);
  }
  bytes[at] = FRACTION;
  fraction[0] = value;
  bytes.set(fractionBytes, at + 1);
  return at + 1 + fractionBytes.length;
}
