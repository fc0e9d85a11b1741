import { redactWithin } from '../stage/redact-within.js';

/**
 * The beginning of an answer, for those who want it recorded. As much is collected as the redaction looks at, and one
 * character more, which tells that there was more.
 */
export class CapturedContent {
  readonly #maxLength: number;
  #text = '';

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  add(text: string): void {
    const room = 2 * this.#maxLength + 1 - this.#text.length;
    if (room > 0) this.#text += text.slice(0, room);
  }

  /** What may be recorded; undefined when there is nothing. */
  redacted(redact: (text: string) => string): string | undefined {
    return this.#text === '' ? undefined : redactWithin(this.#text, this.#maxLength, redact);
  }
}
