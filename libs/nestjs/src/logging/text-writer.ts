import type { Logger } from '@nestjs/common';
import type { LogWriter } from '@followspot/sinks/log';

/** The reference's form: `Stage completed: Cache Lookup | stage=2.0_CACHE_LOOKUP | thread_id=… | duration_ms=5.23`. */
export function textWriter(logger: Pick<Logger, 'debug' | 'log' | 'warn' | 'error'>): LogWriter {
  return {
    debug: (fields, message) => {
      logger.debug(line(fields, message));
    },
    info: (fields, message) => {
      logger.log(line(fields, message));
    },
    warn: (fields, message) => {
      logger.warn(line(fields, message));
    },
    error: (fields, message) => {
      logger.error(line(fields, message));
    },
  };
}

function line(fields: object, message: string): string {
  const { event, traceId, threadId, stageName } = fields as Fields;
  // What the message is about stands in it: a stage has a line of its own name, other events say what they are.
  const isStage = event === 'stage';
  let text = onOneLine(isStage ? `${message}: ${String(stageName)}` : message);
  for (const key in fields) {
    const value = (fields as Fields)[key];
    if (value === undefined || (isStage && key === 'event')) continue;
    const label = labels.get(key) ?? labelOf(key);
    if (label !== '') text += label + plain(value);
  }
  if (traceId === undefined) return text;
  const shownTraceId = plain(traceId);
  const isSame = threadId === undefined || threadId === traceId;
  return `${text} | thread_id=${isSame ? shownTraceId : plain(threadId)} | trace_id=${shownTraceId}`;
}

type Fields = Readonly<Record<string, unknown>>;

/** Quoted where it could be taken for another field or another line, as an error's message could. */
function plain(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w.:/-]*$/.test(text) ? text : JSON.stringify(text);
}

/** The message of an error may hold anything; as a whole it is quoted where it would end the line or begin a field. */
function onOneLine(text: string): string {
  return /[\p{Cc}\u2028\u2029|]/u.test(text) ? JSON.stringify(text) : text;
}

/** What stands before the value of a field, whose names are few; empty for those that have a place of their own, or none. */
const labels = new Map(['traceId', 'threadId', 'stageName', 'attributes'].map((key) => [key, '']));

function labelOf(key: string): string {
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const label = ` | ${name}=`;
  labels.set(key, label);
  return label;
}
