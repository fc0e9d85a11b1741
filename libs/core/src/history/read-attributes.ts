import type { Attributes, AttributeValue } from '../stage/stage-execution.js';
import { END, FALSE, FRACTION, TEXT, TRUE, WHOLE } from './attribute-codes.js';
import type { ByteReader } from './byte-reader.js';
import type { Names } from './names.js';

const fraction = new Float64Array(1);
const fractionBytes = new Uint8Array(fraction.buffer);

/**
 * Reads what `writeAttributes` has written.
 * @param nextObject The next of the objects that were kept as they are.
 */
export function readAttributes(reader: ByteReader, keys: Names, nextObject: () => unknown): Attributes {
  const entries: [string, AttributeValue][] = [];
  for (let key = reader.number(); key !== END; key = reader.number()) {
    entries.push([keys.at(key), valueOf(reader, nextObject)]);
  }
  // Also a key that a plain assignment would take for the prototype.
  return Object.fromEntries(entries);
}

function valueOf(reader: ByteReader, nextObject: () => unknown): AttributeValue {
  switch (reader.byte()) {
    case FALSE:
      return false;
    case TRUE:
      return true;
    case WHOLE:
      return reader.number();
    case FRACTION:
      for (let index = 0; index < fractionBytes.length; index += 1) fractionBytes[index] = reader.byte();
      return fraction[0] ?? Number.NaN;
    case TEXT:
      return reader.text();
    default:
      return nextObject() as AttributeValue;
  }
}
