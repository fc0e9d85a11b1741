import type { DropCounts } from '../drop-counts.js';
import type { Limits } from '../limits.js';
import type { Attributes, AttributeValue } from './stage-execution.js';

/** Shared by every stage that has no attribute. */
export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/**
 * Sets one attribute within the limits and returns the bag that holds it: a new one in place of {@link NO_ATTRIBUTES}.
 * What is malformed (a key that is no string, a value that is no string, boolean or finite number), cut or one too
 * many is counted in `drops.attributes`.
 * @param isCounted Whether it may be one too many. Default true.
 */
export function withAttribute(
  attributes: Attributes,
  key: string,
  value: AttributeValue,
  limits: Limits,
  drops: DropCounts,
  isCounted = true,
): Attributes {
  const size = isCounted ? Object.keys(attributes).length : 0;
  const isFull = size >= limits.attributesPerStage && !Object.hasOwn(attributes, key);
  if (isFull || !isKey(key) || !isValue(value)) {
    drops.attributes += 1;
    return attributes;
  }
  const cutKey = cut(key, limits, drops);
  const bag = attributes === NO_ATTRIBUTES ? {} : (attributes as Record<string, AttributeValue>);
  bag[cutKey] = typeof value === 'string' ? cut(value, limits, drops) : value;
  return bag;
}

/** Sets what is known of the stage itself, which is never one too many. */
export function withOwn(
  attributes: Attributes,
  own: Attributes,
  limits: Limits,
  drops: DropCounts,
): Attributes {
  let bag = attributes;
  for (const key in own) bag = withAttribute(bag, key, own[key] as AttributeValue, limits, drops, false);
  return bag;
}

/** Whether nothing of what is known of a stage has to be cut or is malformed. */
export function areWithin(own: Attributes, { attributeLength }: Limits): boolean {
  for (const key in own) {
    const value = own[key];
    if (typeof value === 'string' ? value.length > attributeLength : !isValue(value)) return false;
  }
  return true;
}

/** Whether a stage can have exactly these, an object of its own: none is malformed, cut or one too many. */
export function areTaken(given: Attributes, { attributesPerStage, attributeLength }: Limits): boolean {
  let count = 0;
  for (const key in given) {
    count += 1;
    const value = given[key];
    if (!isKey(key) || key.length > attributeLength || !isValue(value)) return false;
    if (typeof value === 'string' && value.length > attributeLength) return false;
  }
  return count <= attributesPerStage;
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && key !== '' && key !== '__proto__';
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function cut(text: string, limits: Limits, drops: DropCounts): string {
  if (text.length <= limits.attributeLength) return text;
  drops.attributes += 1;
  return text.slice(0, limits.attributeLength);
}
