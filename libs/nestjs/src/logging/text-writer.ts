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
  const { context: _, event, traceId, threadId, stageName, attributes: __, ...others } = fields as Fields;
  // What the message is about stands in it: a stage has a line of its own name, other events say what they are.
  const [text, shown] =
    event === 'stage' ? [`${message}: ${String(stageName)}`, others] : [message, { event, ...others }];
  const ids = traceId === undefined ? {} : { threadId: threadId ?? traceId, traceId };
  const pairs = Object.entries({ ...shown, ...ids }).map(
    ([key, value]) => `${snakeCase(key)}=${plain(value)}`,
  );
  return [onOneLine(text), ...pairs].join(' | ');
}

type Fields = Readonly<Record<string, unknown>>;

/** Quoted where it could be taken for another field or another line, as an error's message could. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w.:/-]*$/.test(text) ? text : JSON.stringify(text);
}

/** The message of an error may hold anything; as a whole it is quoted where it would end the line or begin a field. */
function onOneLine(text: string): string {
  return /[\p{Cc}\u2028\u2029|]/u.test(text) ? JSON.stringify(text) : text;
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
