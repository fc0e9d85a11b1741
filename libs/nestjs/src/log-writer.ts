import { Logger } from '@nestjs/common';
import type { LogWriter } from '@followspot/sinks/log';

const CONTEXT = 'Followspot';

/**
 * Writes through nestjs-pino where the application has set it up, so that lines are structured; otherwise through
 * Nest's own logger as text.
 */
export async function createLogWriter(): Promise<LogWriter> {
  const pino = await importPino();
  const text = textWriter(new Logger(CONTEXT));
  // Looked up per line: nestjs-pino makes its root logger when its module is created, which may come after ours.
  const writer = (): LogWriter => pino?.PinoLogger.root ?? text;
  return {
    debug: (fields, message) => {
      writer().debug({ context: CONTEXT, ...fields }, message);
    },
    info: (fields, message) => {
      writer().info({ context: CONTEXT, ...fields }, message);
    },
  };
}

async function importPino(): Promise<{ PinoLogger: { root?: LogWriter } } | undefined> {
  try {
    return await import('nestjs-pino');
  } catch {
    // An optional peer dependency: not installed is a normal state.
    return undefined;
  }
}

/** The reference's form: `Stage completed: Cache Lookup | stage=2.0_CACHE_LOOKUP | thread_id=… | duration_ms=5.23`. */
function textWriter(logger: Logger): LogWriter {
  const line = (fields: object, message: string): string => {
    const { context: _, stageName, attributes: __, ...shown } = fields as Record<string, unknown>;
    const pairs = Object.entries(shown).map(([key, value]) => `${snakeCase(key)}=${String(value)}`);
    return [`${message}: ${String(stageName)}`, ...pairs].join(' | ');
  };
  return {
    debug: (fields, message) => {
      logger.debug(line(fields, message));
    },
    info: (fields, message) => {
      logger.log(line(fields, message));
    },
  };
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
