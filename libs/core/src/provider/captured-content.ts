/**
 * The beginning of an answer, for those who want it recorded. Twice of what is kept is collected, so that a secret at
 * the end is whole when the redaction looks for it, and cut off afterwards.
 */
export class CapturedContent {
  readonly #maxLength: number;
  #text = '';

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  add(text: string): void {
    const room = 2 * this.#maxLength - this.#text.length;
    if (room > 0) this.#text += text.slice(0, room);
  }

  /** What may be recorded; undefined when there is nothing. */
  redacted(redact: (text: string) => string): string | undefined {
    return this.#text === '' ? undefined : redact(this.#text).slice(0, this.#maxLength);
  }
}
