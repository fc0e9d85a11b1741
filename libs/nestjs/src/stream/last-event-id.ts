import type { Attributes } from '@followspot/core';
import { type EventId, parseEventId } from './event-id.js';

/** As long as an attribute may be by default. */
const MAX_CHARACTERS = 256;

/** What a request says of the stream that it goes on with. */
export interface Resumption {
  /** How the stages of the request tell of it. */
  readonly attributes: Attributes;
  /** The last event that the client has; undefined when its id names none. */
  readonly after: EventId | undefined;
}

const REJECTED: Resumption = { attributes: { lastEventIdRejected: true }, after: undefined };

/**
 * Reads a `Last-Event-ID` header; undefined when there is none. Whoever sends the request chooses the value, so it is
 * taken over only if it is one value of printable ASCII and not too long. What is rejected is neither logged nor echoed.
 */
export function resumptionOf(header: string | readonly string[] | undefined): Resumption | undefined {
  if (header === undefined || header === '') return undefined;
  if (typeof header !== 'string' || !isAcceptable(header)) return REJECTED;
  const after = parseEventId(header);
  return {
    attributes: { lastEventId: header, ...(after !== undefined && { continuesTraceId: after.traceId }) },
    after,
  };
}

function isAcceptable(value: string): boolean {
  // Node joins repeated headers with a comma and a blank.
  return value.length <= MAX_CHARACTERS && /^[\x20-\x7e]+$/.test(value) && !value.includes(', ');
}
