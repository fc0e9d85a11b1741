/** Whether an attribute is a number that a metric can take: NaN, an infinity or a negative one would poison a sum. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** The attribute, or nothing where it is no such number. */
export function amountOf(value: unknown): number {
  return isAmount(value) ? value : 0;
}
