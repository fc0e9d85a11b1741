/** Reads what was put, in the same order. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** @param at Where the first thing to read begins. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the next thing begins. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return value;
  }

  number(): number {
    let value = 0;
    let factor = 1;
    for (let byte = this.byte(); ; byte = this.byte()) {
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  text(): string {
    const header = this.number();
    const isWide = header % 2 === 1;
    const length = (header - (isWide ? 1 : 0)) / 2;
    let text = '';
    for (let index = 0; index < length; index += 1) {
      const unit = this.byte();
      text += String.fromCharCode(isWide ? unit + this.byte() * 256 : unit);
    }
    return text;
  }
}
