import { isEnd, isSameEvent, type SearchEvent } from './search-event.js';

/** What the bounds of replaying have turned away. */
export interface ReplayDrops {
  /** Events that made room for later ones of their stream. */
  events: number;
  /** Streams that made room for newer ones. */
  streams: number;
}

/** What one stream has told so far, numbered from 1; of a long one only the latest events. */
export class ReplayLog {
  /** A ring: the event n is at n - 1 modulo the capacity. */
  readonly #events: SearchEvent[] = [];
  readonly #capacity: number;
  readonly #drops: ReplayDrops;
  #length = 0;

  /**
   * @param traceId Of the request that began the stream.
   * @param opening What the stream tells before it answers the question.
   */
  constructor(
    readonly traceId: string,
    readonly question: string,
    readonly opening: readonly SearchEvent[],
    capacity: number,
    drops: ReplayDrops,
  ) {
    this.#capacity = capacity;
    this.#drops = drops;
  }

  /** The number of the latest event. */
  get length(): number {
    return this.#length;
  }

  /** Whether nothing will come any more. */
  get isComplete(): boolean {
    const last = this.#at(this.#length);
    return last !== undefined && isEnd(last);
  }

  /**
   * Takes the next event, or compares one that it has had before, when the question is answered again. False when that
   * was another one; one that was dropped meanwhile passes.
   */
  record(sequence: number, event: SearchEvent): boolean {
    if (sequence <= this.#length) {
      const known = this.#at(sequence);
      return known === undefined || isSameEvent(known, event);
    }
    if (this.#length >= this.#capacity) this.#drops.events += 1;
    this.#length = sequence;
    this.#events[(sequence - 1) % this.#capacity] = event;
    return true;
  }

  /** The events after this one; undefined when some of them were dropped. */
  after(sequence: number): readonly SearchEvent[] | undefined {
    const count = this.#length - sequence;
    if (count > this.#capacity) return undefined;
    return Array.from({ length: count }, (_, index) => this.#at(sequence + 1 + index) ?? []).flat();
  }

  #at(sequence: number): SearchEvent | undefined {
    const isKept = sequence <= this.#length && sequence > this.#length - this.#capacity;
    return isKept ? this.#events[(sequence - 1) % this.#capacity] : undefined;
  }
}
