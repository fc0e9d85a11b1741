import type { MessageEvent } from '@nestjs/common';
import { type EventId, type ExecutionSummary, formatEventId, parseEventId } from '@followspot/nestjs';
import type { PlacedEvent } from './search-event.js';

/** After a shutdown clients come back within this many times the usual wait, not all at once. */
const SHUTDOWN_SPREAD = 3;

/** The events of one response as SSE messages: each with an id, the first with the time after which to come back. */
export class SearchMessages {
  readonly #traceId: string;
  readonly #retryMs: number;
  /** Of the latest event that the client has. */
  #last: EventId;
  #isFirst = true;

  /**
   * @param traceId What the data of every event carries, also of those that are replayed.
   * @param lastEventId What the client has sent.
   * @param retryMs How long it should wait before it comes back, in milliseconds.
   */
  constructor(traceId: string, lastEventId: string | undefined, retryMs: number) {
    this.#traceId = traceId;
    this.#retryMs = retryMs;
    this.#last = parseEventId(lastEventId) ?? { traceId, sequence: 0 };
  }

  /** @param summary The stages so far, for the last event. */
  of({ id, type, cause: _, ...data }: PlacedEvent, summary?: ExecutionSummary): MessageEvent {
    this.#last = id ?? { ...this.#last, sequence: this.#last.sequence + 1 };
    const retry = this.#retryOf(type);
    return {
      id: formatEventId(this.#last),
      type,
      ...(retry !== undefined && { retry }),
      data: { traceId: this.#traceId, ...data, ...(summary && { summary }) },
    };
  }

  #retryOf(type: PlacedEvent['type']): number | undefined {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (type === 'shutdown') return Math.round(this.#retryMs * (1 + Math.random() * (SHUTDOWN_SPREAD - 1)));
    return isFirst ? this.#retryMs : undefined;
  }
}
