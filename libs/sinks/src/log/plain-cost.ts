import { types } from 'node:util';
import { isHarmless } from './harmless-text.js';
import type { LogLimits } from './log-limits.js';
import type { LoggableOptions } from './loggable.js';
import { isSuspicious } from './redact-text.js';
import type { SecretKeys } from './secret-keys.js';

/** What one entry costs beside its text, and its value again. */
export const ENTRY_COST = 8;
/** Characters of a key. */
export const LONGEST_KEY = 128;

/** The object can not be shown as it is. */
const NOT_PLAIN = Number.POSITIVE_INFINITY;

/**
 * Whether all that a line says can be written as it is, as nearly always.
 * @param attributes Written beside the fields; undefined where there are none.
 * @param form The same for lines whose fields have the same names.
 */
export function isPlainLine(
  fields: Readonly<Record<string, unknown>>,
  attributes: object | undefined,
  message: string,
  form: string,
  { limits, keys }: LoggableOptions,
): boolean {
  if (types.isProxy(attributes) || limits.textLength < message.length || !isHarmless(message)) return false;
  const ofAttributes = attributes === undefined ? 0 : costOfObject(attributes, limits, keys);
  return message.length + costOfFields(fields, form, limits, keys) + ofAttributes < limits.lineLength;
}

/**
 * What the fields of a line take of its bound where they can be written as they are, as nearly all can: only texts,
 * numbers and flags, of which none has to be hidden or cut. Infinite where they have to be gone through with care.
 * @param fields Made by ourselves: there is no getter, and the names are harmless.
 * @param form The same for lines whose fields have the same names.
 */
export function costOfFields(
  fields: Readonly<Record<string, unknown>>,
  form: string,
  { textLength }: LogLimits,
  keys: SecretKeys,
): number {
  const mayHide = keys.hidesIn(form, fields);
  let cost = ENTRY_COST;
  for (const key in fields) {
    const value = fields[key];
    cost += ENTRY_COST;
    if (value === undefined) continue;
    if (mayHide && keys.hides(key, value)) return NOT_PLAIN;
    if (typeof value === 'string') {
      if (value.length > textLength || !isHarmless(value)) return NOT_PLAIN;
      cost += value.length;
    } else if (!isShort(value)) return NOT_PLAIN;
    cost += key.length + ENTRY_COST;
  }
  return cost;
}

/** The same of an object that somebody else has made, such as the attributes of a stage. */
export function costOfObject(
  object: object,
  { textLength, lineLength }: LogLimits,
  keys: SecretKeys,
): number {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
  let cost = ENTRY_COST;
  for (const key in object) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) continue;
    if (!('value' in property) || !isHarmlessKey(key)) return NOT_PLAIN;
    const value: unknown = property.value;
    if (value === undefined || keys.hides(key, value)) return NOT_PLAIN;
    if (typeof value === 'string') {
      if (value.length > textLength || (isSuspicious(value) && !isHarmless(value))) return NOT_PLAIN;
      cost += value.length;
    } else if (!isShort(value)) return NOT_PLAIN;
    cost += key.length + 2 * ENTRY_COST;
    if (cost > lineLength) return NOT_PLAIN;
  }
  return cost;
}

/** What JSON has a word for and is no text, list or object. */
function isShort(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null;
}

function isHarmlessKey(key: string): boolean {
  return key.length <= LONGEST_KEY && key !== '__proto__' && isHarmless(key);
}
