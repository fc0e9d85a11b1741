/** How much a line matters, in the words of pino. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Where lines go; a pino logger fits as it is. The fields are made for the line and belong to the writer. As in JSON, a
 * field that is undefined is not to be written.
 */
export interface LogWriter {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether lines of this level are written at all; without it they are taken to be. */
  isLevelEnabled?(level: LogLevel): boolean;
}
