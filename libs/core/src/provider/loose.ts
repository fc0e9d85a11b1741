/** An object of which nothing is known. */
export type Loose = Readonly<Record<string, unknown>>;

const NOTHING: Loose = Object.freeze({});

/** The value as an object; an empty one in place of anything else. */
export function looseOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null ? (value as Loose) : NOTHING;
}

/** The value as a list; an empty one in place of anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a string. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value if it is a count. */
export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
