import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import type { LogLevel, LogWriter } from '@followspot/sinks/log';
import { textWriter } from './text-writer.js';

const CONTEXT = 'Followspot';

/**
 * Writes through nestjs-pino where the application has set it up, so that lines are structured; otherwise through
 * Nest's own logger as text.
 */
export async function createLogWriter(): Promise<LogWriter> {
  const pino = await pinoLoggers();
  const text = textWriter(new Logger(), CONTEXT);
  const write =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      const root = rootOf(pino);
      if (root === undefined) text[level](fields, message);
      // The copy comes first: V8 clones an object as a whole, but adds one to another key by key.
      else root[level]({ ...fields, context: CONTEXT }, message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    isLevelEnabled: (level) => {
      const root = rootOf(pino);
      return root === undefined ? isTextWritten(level) : (root.isLevelEnabled?.(level) ?? true);
    },
  };
}

/** Nest knows the levels that it was given, and not those of a logger that took its place: that is asked every line that counts. */
function isTextWritten(level: LogLevel): boolean {
  return level !== 'debug' || Logger.isLevelEnabled(level);
}

/** Looked up per line: nestjs-pino makes its root logger when its module is created, which may come after ours. */
function rootOf(loggers: readonly PinoLoggerClass[]): LogWriter | undefined {
  for (const { root } of loggers) if (root !== undefined) return root;
  return undefined;
}

/** What is used of nestjs-pino. */
interface PinoModule {
  readonly PinoLogger: PinoLoggerClass;
}

interface PinoLoggerClass {
  readonly root?: LogWriter;
}

/**
 * nestjs-pino is published as an ES module and as CommonJS, each with a root logger of its own, and the application
 * uses one of the two. An optional peer dependency: not installed is a normal state.
 */
async function pinoLoggers(): Promise<readonly PinoLoggerClass[]> {
  try {
    const require = createRequire(import.meta.url);
    const required = require.cache[require.resolve('nestjs-pino')]?.exports as PinoModule | undefined;
    const imported: PinoModule = await import('nestjs-pino');
    return required === undefined ? [imported.PinoLogger] : [imported.PinoLogger, required.PinoLogger];
  } catch {
    return [];
  }
}
