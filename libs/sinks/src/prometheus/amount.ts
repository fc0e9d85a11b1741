/**
 * Whether an attribute is a number that a metric can take: from 0 to 2⁵³ - 1. NaN, an infinity or a negative one would
 * poison a sum, and so would two that are finite and huge.
 */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** The attribute, or nothing where it is no such number. */
export function amountOf(value: unknown): number {
  return isAmount(value) ? value : 0;
}
