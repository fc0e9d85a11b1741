import type { AttributeValue } from '@followspot/core';
import { type EventId, parseEventId } from './event-id.js';

/**
 * Counts what a resumed stream repeats and leaves out, by the numbers of its events. A number that is not higher than
 * those before it is a duplicate; numbers that were skipped are lost. Events of another stream, as after starting
 * afresh, count as neither.
 */
export class ResumedEvents {
  readonly #traceId: string;
  #highest: number;
  #seen = 0;
  #duplicates = 0;
  #lost = 0;

  /** @param after The last event that the client has. */
  constructor({ traceId, sequence }: EventId) {
    this.#traceId = traceId;
    this.#highest = sequence;
  }

  /** An event with this id was sent. */
  sent(id: unknown): void {
    const event = typeof id === 'string' ? parseEventId(id) : undefined;
    if (event?.traceId !== this.#traceId) return;
    this.#seen += 1;
    if (event.sequence <= this.#highest) {
      this.#duplicates += 1;
      return;
    }
    this.#lost += event.sequence - this.#highest - 1;
    this.#highest = event.sequence;
  }

  /** Adds both counts, also where they are 0; nothing as long as no event of the stream was sent. */
  describe(found: Record<string, AttributeValue>): void {
    if (this.#seen === 0) return;
    found['duplicateEvents'] = this.#duplicates;
    found['lostEvents'] = this.#lost;
  }
}
