import { acceptTraceId } from '@followspot/core';

/** Which event of which stream: what an SSE `id` says when it is to survive a reconnect. */
export interface EventId {
  /** Of the request that began the stream. Requests that resume it go on in its numbering. */
  readonly traceId: string;
  /** The place of the event in the stream: a whole number from 1. */
  readonly sequence: number;
}

/** Fifteen digits are exact as a number. The trace id before the colon has no colon, and a rule of its own. */
const FORMAT = /^([^:]{1,128}):([1-9]\d{0,14})$/;

/**
 * The SSE `id` of an event, `<traceId>:<sequence>`. A client that reconnects sends the id of the last event it has
 * received as `Last-Event-ID`, and Followspot then links the new request to the trace that it continues, and counts the
 * events that come twice or never. What is no {@link EventId} is written all the same, and will not be understood.
 */
export function formatEventId({ traceId, sequence }: EventId): string {
  return `${traceId}:${sequence}`;
}

/**
 * Reads what {@link formatEventId} has written, from a header that may hold anything. Undefined when it is absent or
 * says anything else; never throws.
 */
export function parseEventId(text: string | undefined): EventId | undefined {
  const [, traceId, sequence] = (typeof text === 'string' && FORMAT.exec(text)) || [];
  return acceptTraceId(traceId) === undefined
    ? undefined
    : { traceId: String(traceId), sequence: Number(sequence) };
}
