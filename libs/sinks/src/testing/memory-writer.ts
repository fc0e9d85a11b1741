import type { Recorder } from '@followspot/core';
import type { LogLevel, LogWriter } from '../log/log-writer.js';

export interface WrittenLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** Writes into an array. */
export class MemoryWriter implements LogWriter {
  readonly #lines: WrittenLine[] = [];
  #recorder: Pick<Recorder, 'deliver'> | undefined;

  /** From now on it is asked to hand on what it has put off before anything is read here. */
  receivesFrom(recorder: Pick<Recorder, 'deliver'>): void {
    this.#recorder = recorder;
  }

  get lines(): WrittenLine[] {
    this.#recorder?.deliver();
    return this.#lines;
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }
  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }
  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }
  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }

  /** As JSON has it: what is undefined is not there. */
  #write(level: LogLevel, fields: object, message: string): void {
    this.#lines.push({
      level,
      message,
      fields: JSON.parse(JSON.stringify(fields)) as Record<string, unknown>,
    });
  }
}
