/** Bytes that grow at their end. */
export class GrowingBytes {
  /** As much of it as `length` says is written. */
  bytes: Uint8Array;
  length = 0;

  /** @param room In bytes, at the start. */
  constructor(room: number) {
    this.bytes = new Uint8Array(room);
  }

  /** Makes sure that so many bytes have room after the given place, and returns where the bytes are now. */
  reserve(at: number, count: number): Uint8Array {
    const needed = at + count;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return this.bytes;
  }

  /** Gives back the room that is left. */
  trim(): void {
    if (this.length < this.bytes.length) this.bytes = this.bytes.slice(0, this.length);
  }
}
