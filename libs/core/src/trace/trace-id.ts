import { randomFillSync } from 'node:crypto';

/**
 * What a trace id from outside must look like: safe in a header, a log line, a URL path, a file name (not `.` or `..`)
 * and as a key of a plain object (not `__proto__`).
 */
export const TRACE_ID_PATTERN = /^(?!\.{1,2}$|__proto__$)[A-Za-z0-9._-]{1,128}$/;

const ID_BYTES = 16;
const pool = Buffer.alloc(256 * ID_BYTES);
/** The next ids. Made together: to make one alone takes several times as long. */
const ids: string[] = [];

/** A new trace id: 16 random bytes in lowercase hexadecimal, which is also a valid W3C trace id. */
export function createTraceId(): string {
  return ids.pop() ?? createIds();
}

/** Makes ids for all of the pool and returns one. */
function createIds(): string {
  randomFillSync(pool);
  for (let at = ID_BYTES; at < pool.length; at += ID_BYTES) ids.push(pool.toString('hex', at, at + ID_BYTES));
  return pool.toString('hex', 0, ID_BYTES);
}

/**
 * The trace id that a header carries, or undefined when it must not be trusted: absent, empty, too long, repeated
 * (Node joins repeats with a comma), or with any character outside {@link TRACE_ID_PATTERN}.
 */
export function acceptTraceId(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && TRACE_ID_PATTERN.test(header) ? header : undefined;
}
