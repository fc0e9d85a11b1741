import { types } from 'node:util';
import { describeError } from '@followspot/core';
import { isHarmless } from './harmless-text.js';
import type { LogLimits } from './log-limits.js';
import { costOfFields, costOfObject, ENTRY_COST, LONGEST_KEY } from './plain-cost.js';
import { REDACTED, redactText } from './redact-text.js';
import type { SecretKeys } from './secret-keys.js';

/** What may be shown, and how much of it. */
export interface LoggableOptions {
  readonly limits: LogLimits;
  readonly keys: SecretKeys;
  readonly showsQueryText: boolean;
}

/** Longer than any secret of which a cut could leave a part that no longer looks like one. */
const MARGIN = 256;
/** What a header may be called. */
const NAME = /^[\w-]{1,64}$/;
const ELLIPSIS = '…';
const LARGEST_BIGINT = 2n ** 128n;

/**
 * Copies what one line says into plain JSON values, without secrets and within bounds. Never throws, never runs a
 * getter, and leaves the original as it is. Made for one line: all that it copies shares the bound `lineLength`.
 */
export class Loggable {
  /** Values that were cut or left out. */
  cuts = 0;
  readonly #options: LoggableOptions;
  /** Characters that are left. */
  #left: number;
  /** The objects that the present one is in. */
  readonly #path: unknown[] = [];

  constructor(options: LoggableOptions) {
    this.#options = options;
    this.#left = options.limits.lineLength;
  }

  /**
   * The fields of a line. They are no copy where nothing in them has to be hidden or cut.
   * @param fields Made for this line, by ourselves.
   * @param form The same for lines whose fields have the same names.
   */
  fields(fields: Record<string, unknown>, form: string): Record<string, unknown> {
    const { limits, keys } = this.#options;
    return this.#takes(costOfFields(fields, form, limits, keys))
      ? fields
      : (this.copy(fields) as Record<string, unknown>);
  }

  /** The message of a line, which is often the same. */
  message(text: string): string {
    const { textLength } = this.#options.limits;
    if (text.length <= textLength && isHarmless(text) && this.#takes(text.length)) return text;
    return this.text(text);
  }

  /** A copy of one value; `key` is its name, and decides whether it may be shown. */
  copy(value: unknown, key = ''): unknown {
    return this.#guarded(() => {
      if (this.#options.keys.hides(key, value)) return this.#spend(REDACTED);
      return typeof value === 'object' && value !== null ? this.#object(value) : this.#primitive(value);
    });
  }

  /** The text without secrets, cut to what is allowed. */
  text(value: string): string {
    const { limits, showsQueryText } = this.#options;
    const isLong = value.length > limits.textLength + MARGIN;
    const seen = isLong ? withoutLastWord(value.slice(0, limits.textLength + MARGIN)) : value;
    const redacted = redactText(seen, showsQueryText);
    const length = Math.min(limits.textLength, Math.max(0, this.#left));
    if (!isLong && redacted.length <= length) return this.#spend(redacted);
    this.cuts += 1;
    return this.#spend(`${redacted.slice(0, length)}${ELLIPSIS}`);
  }

  #primitive(value: unknown): unknown {
    this.#left -= ENTRY_COST;
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return value < LARGEST_BIGINT && value > -LARGEST_BIGINT ? String(value) : '[bigint]';
      case 'symbol':
        return this.text(String(value));
      case 'function':
        return '[function]';
      default:
        return value;
    }
  }

  #object(value: object): unknown {
    if (this.#isPlain(value)) return { ...value };
    this.#left -= ENTRY_COST;
    if (this.#path.includes(value)) return '[circular]';
    if (types.isProxy(value)) return '[proxy]';
    const leaf = this.#leaf(value);
    if (leaf !== undefined) return leaf;
    if (this.#path.length >= this.#options.limits.depth)
      return this.#cut(Array.isArray(value) ? '[array]' : '[object]');
    this.#path.push(value);
    try {
      return this.#inside(value);
    } finally {
      this.#path.pop();
    }
  }

  /** Whether an object can be shown as it is; if so, it has been paid for. */
  #isPlain(value: object): boolean {
    const { limits, keys } = this.#options;
    if (this.#path.length >= limits.depth || types.isProxy(value)) return false;
    return this.#takes(costOfObject(value, limits, keys));
  }

  /** Pays for what fits and leaves something for what comes after it. */
  #takes(cost: number): boolean {
    if (cost >= this.#left) return false;
    this.#left -= cost;
    return true;
  }

  /** What is an object and not shown as one. */
  #leaf(value: object): string | undefined {
    if (types.isDate(value)) return dateText(value);
    if (types.isStringObject(value)) return this.text(String.prototype.valueOf.call(value));
    if (types.isRegExp(value) || value instanceof URL) return this.text(String(value));
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
    return undefined;
  }

  #inside(value: object): unknown {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- `Error.isError` needs Node 24
    if (types.isNativeError(value)) return this.#error(value);
    if (Array.isArray(value)) return this.#list(value.length, (index) => ownValue(value, String(index)));
    if (types.isSet(value)) return this.#iterated(Set.prototype.values.call(value));
    if (types.isMap(value)) return this.#pairs(Map.prototype.entries.call(value));
    if (value instanceof Headers) return this.#pairs(Headers.prototype.entries.call(value));
    if (value instanceof URLSearchParams) return this.#pairs(URLSearchParams.prototype.entries.call(value));
    return this.#pairs(ownEntries(value));
  }

  #error(error: Error): object {
    // One more than is looked at, so that what was cut here is known to have been cut.
    const length = this.#options.limits.textLength + MARGIN + 1;
    const { type, message, status, causes } = describeError(error, length);
    return {
      type: this.text(type),
      message: this.text(message),
      ...(status !== undefined && { status }),
      ...(causes.length > 0 && { causes: causes.map((cause) => this.text(cause)) }),
    };
  }

  #pairs(entries: Iterable<[unknown, unknown]>): object {
    const copy: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      const name =
        typeof key === 'string' ? key : String(this.#primitive(typeof key === 'object' ? '' : key));
      if (this.#isFull()) break;
      this.#left -= ENTRY_COST;
      if (value === undefined || name === '__proto__') continue;
      copy[this.#key(name)] = this.copy(value, name);
    }
    return copy;
  }

  #iterated(values: Iterable<unknown>): unknown[] {
    const copies: unknown[] = [];
    for (const value of values) {
      if (this.#isFull()) break;
      copies.push(this.copy(value));
    }
    return copies;
  }

  /** Raw headers are a flat list in which each name is followed by its value, and so are their pairs. */
  #list(length: number, at: (index: number) => unknown): unknown[] {
    const copies: unknown[] = [];
    let previous: unknown;
    for (let index = 0; index < length && !this.#isFull(); index += 1) {
      const value = at(index);
      copies.push(this.copy(value, typeof previous === 'string' && NAME.test(previous) ? previous : ''));
      previous = value;
    }
    return copies;
  }

  #key(name: string): string {
    const key = this.text(name.slice(0, LONGEST_KEY));
    if (name.length > LONGEST_KEY) this.cuts += 1;
    return key;
  }

  /** Whether nothing more may be said; that something was left out is counted. */
  #isFull(): boolean {
    if (this.#left > 0) return false;
    this.cuts += 1;
    return true;
  }

  #cut(shown: string): string {
    this.cuts += 1;
    return this.#spend(shown);
  }

  #spend(text: string): string {
    this.#left -= text.length;
    return text;
  }

  #guarded(copy: () => unknown): unknown {
    try {
      return copy();
    } catch {
      return this.#cut('[unreadable]');
    }
  }
}

/** The word at which a text was cut may be half a secret. */
function withoutLastWord(text: string): string {
  const [word = ''] = /\S*$/.exec(text.slice(-MARGIN)) ?? [];
  return text.slice(0, text.length - word.length);
}

/** A value that is read without running a getter. */
function ownValue(object: object, key: string): unknown {
  const property = Object.getOwnPropertyDescriptor(object, key);
  return property?.get === undefined ? (property?.value as unknown) : '[getter]';
}

function* ownEntries(object: object): Iterable<[string, unknown]> {
  for (const key in object) {
    if (Object.hasOwn(object, key)) yield [key, ownValue(object, key)];
  }
}

function dateText(date: Date): string {
  const time = Date.prototype.getTime.call(date);
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
}
