import { redactDescriptionsOf } from '../stage/describe-error.js';

/** How far a chain of causes is followed; it may be a circle. */
const LONGEST_CHAIN = 16;

/**
 * The errors that provider stages ended with. What fails in the end is often another error that names one of these as
 * its cause, sometimes in another trace, which waited for the same answer.
 */
export class UpstreamErrors {
  /** Weak, because an error may hold a whole response. What was thrown and is no object cannot be recognised again. */
  readonly #errors = new WeakSet<object>();

  readonly #redact: ((text: string) => string) | undefined;

  /** @param redact Applied to their messages. A provider may quote the prompt. */
  constructor(redact?: (text: string) => string) {
    this.#redact = redact;
  }

  add(error: unknown): void {
    if (typeof error !== 'object' || error === null) return;
    this.#errors.add(error);
    if (this.#redact !== undefined) redactDescriptionsOf(error, this.#redact);
  }

  /** Whether an error is one of these, or was caused by one. */
  caused(error: unknown): boolean {
    return causesOf(error).some((cause) => this.#errors.has(cause));
  }
}

/** An error and what caused it, as far as these are objects. */
export function causesOf(error: unknown): object[] {
  const chain: object[] = [];
  for (let next = error; typeof next === 'object' && next !== null && chain.length < LONGEST_CHAIN;) {
    chain.push(next);
    try {
      next = (next as { cause?: unknown }).cause;
    } catch {
      // A getter that throws.
      break;
    }
  }
  return chain;
}
