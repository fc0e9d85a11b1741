import { randomUUID } from 'node:crypto';

/**
 * What a trace id from outside must look like: safe in a header, a log line, a URL path, a file name (not `.` or `..`)
 * and as a key of a plain object (not `__proto__`).
 */
export const TRACE_ID_PATTERN = /^(?!\.{1,2}$|__proto__$)[A-Za-z0-9._-]{1,128}$/;

/** A new trace id: the 32 lowercase hex digits of a random UUID, which is also a valid W3C trace id. */
export function createTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

/**
 * The trace id that a header carries, or undefined when it must not be trusted: absent, empty, too long, repeated
 * (Node joins repeats with a comma), or with any character outside {@link TRACE_ID_PATTERN}.
 */
export function acceptTraceId(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && TRACE_ID_PATTERN.test(header) ? header : undefined;
}
