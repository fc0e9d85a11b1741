import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import type { LogWriter } from '@followspot/sinks/log';
import { textWriter } from './text-writer.js';

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
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      writer()[level]({ context: CONTEXT, ...fields }, message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    isLevelEnabled: (level) => writer().isLevelEnabled?.(level) ?? true,
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
