import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import type { LogWriter } from '@followspot/sinks/log';

const CONTEXT = 'Followspot';

/**
 * Writes through nestjs-pino where the application has set it up, so that lines are structured; otherwise through
 * Nest's own logger as text.
 */
export async function createLogWriter(): Promise<LogWriter> {
  const pino = await pinoModules();
  const text = textWriter(new Logger(CONTEXT));
  // Looked up per line: nestjs-pino makes its root logger when its module is created, which may come after ours.
  const writer = (): LogWriter => pino.find(({ PinoLogger }) => PinoLogger.root)?.PinoLogger.root ?? text;
  return {
    debug: (fields, message) => {
      writer().debug({ context: CONTEXT, ...fields }, message);
    },
    info: (fields, message) => {
      writer().info({ context: CONTEXT, ...fields }, message);
    },
  };
}

/** What is used of nestjs-pino. */
interface PinoModule {
  readonly PinoLogger: { readonly root?: LogWriter };
}

/**
 * nestjs-pino is published as an ES module and as CommonJS, each with a root logger of its own, and the application
 * uses one of the two. An optional peer dependency: not installed is a normal state.
 */
async function pinoModules(): Promise<readonly PinoModule[]> {
  try {
    const require = createRequire(import.meta.url);
    const required = require.cache[require.resolve('nestjs-pino')]?.exports as PinoModule | undefined;
    const imported: PinoModule = await import('nestjs-pino');
    return required === undefined ? [imported] : [imported, required];
  } catch {
    return [];
  }
}

/** The reference's form: `Stage completed: Cache Lookup | stage=2.0_CACHE_LOOKUP | thread_id=… | duration_ms=5.23`. */
function textWriter(logger: Logger): LogWriter {
  const line = (fields: object, message: string): string => {
    const { context: _, stageName, attributes: __, ...shown } = fields as Record<string, unknown>;
    const pairs = Object.entries(shown).map(([key, value]) => `${snakeCase(key)}=${plain(value)}`);
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

/** Quoted where it could be taken for another field or another line, as an error's message could. */
function plain(value: unknown): string {
  const text = String(value);
  return /^[\w.:/-]*$/.test(text) ? text : JSON.stringify(text);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
