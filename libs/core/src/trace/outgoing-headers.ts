import { createHash, randomBytes } from 'node:crypto';
import type { Trace } from './trace.js';

/** The header that carries the trace id, in and out. */
export const TRACE_ID_HEADER = 'X-Trace-ID';

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * What a call made within the trace should carry: the trace id as it is, and the same for W3C Trace Context. The span
 * id is new for each call; the flag `01` says that the trace is kept, as far as that is decided.
 */
export function outgoingHeaders(trace: Trace | undefined): Readonly<Record<string, string>> {
  if (trace === undefined) return NO_HEADERS;
  const flags = trace.keptBecause === undefined ? '00' : '01';
  return {
    [TRACE_ID_HEADER]: trace.traceId,
    traceparent: `00-${w3cTraceId(trace.traceId)}-${randomSpanId()}-${flags}`,
  };
}

/**
 * A trace id as W3C Trace Context wants it, 32 lowercase hex digits and not all of them 0: the id itself where it has
 * 32, also written as a UUID; of any other its MD5, so that the same id gives the same everywhere.
 */
export function w3cTraceId(traceId: string): string {
  const digits = traceId.replaceAll('-', '').toLowerCase();
  return /^(?!0{32})[0-9a-f]{32}$/.test(digits) ? digits : createHash('md5').update(traceId).digest('hex');
}

function randomSpanId(): string {
  for (;;) {
    const spanId = randomBytes(8).toString('hex');
    if (/[^0]/.test(spanId)) return spanId;
  }
}
