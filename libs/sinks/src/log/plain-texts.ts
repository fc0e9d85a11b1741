import { isHarmless, isHarmlessId, LONGEST_HARMLESS } from './harmless-text.js';
import type { LoggableOptions } from './loggable.js';

/** Fields of a plain line at most, which has texts and numbers only. */
const MOST_FIELDS = 10;

/** Whether a line of these fields, all of them plain texts and numbers, neither hides nor cuts anything. */
export function mayBePlain(names: readonly string[], { keys, limits }: LoggableOptions): boolean {
  if (names.some((name) => keys.hides(name, 'any text'))) return false;
  // The names of the fields, and what each of them costs, are within twice of that.
  return limits.textLength >= LONGEST_HARMLESS && limits.lineLength > 2 * MOST_FIELDS * LONGEST_HARMLESS;
}

/** Whether a text can be written as it is. */
export function isPlainText(text: unknown): text is string {
  return typeof text === 'string' && text.length <= LONGEST_HARMLESS && isHarmless(text);
}

/** Tells which trace ids can be written as they are. */
export class PlainIds {
  /** Lines of a trace often follow one another. */
  #last = '';

  isPlain(id: string): boolean {
    if (id === this.#last) return true;
    if (!isHarmlessId(id)) return false;
    this.#last = id;
    return true;
  }
}
