/** Characters that wait to be counted. A longer text is counted piece by piece and does not stay in memory. */
const PIECE_LENGTH = 65_536;

/**
 * Counts the tokens of a text that comes in chunks. A token may reach over several chunks, so they are put together,
 * and counted only when they have to be: most answers bring the provider's own count.
 */
export class TokenTally {
  readonly #count: (text: string) => number | undefined;
  #waiting = '';
  /** Undefined once something could not be counted. */
  #counted: number | undefined = 0;

  /** @param count Tokens of a text; undefined when that cannot be said. */
  constructor(count: (text: string) => number | undefined) {
    this.#count = count;
  }

  add(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length < PIECE_LENGTH) return;
    // Hardly a token reaches over a space from before.
    const cut = this.#waiting.lastIndexOf(' ');
    const end = cut > 0 ? cut : this.#waiting.length;
    this.#settle(this.#waiting.slice(0, end));
    this.#waiting = this.#waiting.slice(end);
  }

  /** The tokens of everything added; undefined when nothing was, or it could not be counted. */
  total(): number | undefined {
    if (this.#waiting !== '') this.#settle(this.#waiting);
    this.#waiting = '';
    return this.#counted === 0 ? undefined : this.#counted;
  }

  #settle(text: string): void {
    const tokens = this.#counted === undefined ? undefined : this.#count(text);
    this.#counted = tokens === undefined ? undefined : (this.#counted ?? 0) + tokens;
  }
}
