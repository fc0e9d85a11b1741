import { types } from 'node:util';
import { currentStage, describeError, type Outcome, type StreamEnding } from '@followspot/core';
import type { LineDetails } from './log-events.js';
import type { LogLevel } from './log-writer.js';

/** Endings that say that the stream failed. */
const FAILED_ENDINGS = new Set<StreamEnding>(['server_error', 'upstream_error', 'timeout']);

/** How many characters of an error's causes are looked at. */
const CAUSE_LENGTH = 1_024;

type LineIds = Pick<LineDetails, 'traceId' | 'threadId'>;

/** What is to be written. */
export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  /** In the order in which they are written; what is undefined is not. */
  readonly fields: Record<string, unknown>;
  readonly attributes: object | undefined;
}

/** What every line begins with. */
export function headOf(event: string, details: LineDetails): Record<string, unknown> {
  const { traceId, threadId } = idsOf(details);
  return { event, traceId, threadId, stage: details.stage };
}

/** What was answered, and how it ended otherwise than well. */
export function endOf(statusCode: number | undefined, outcome: Outcome | undefined): string {
  const status = statusCode === undefined ? '' : String(statusCode);
  if (outcome === undefined || outcome === 'ok') return status;
  return status === '' ? outcome : `${status}, ${outcome}`;
}

/** A stream without an ending was refused before it began. */
export function sseLevel(ending: StreamEnding | undefined): LogLevel {
  if (ending === 'slow_consumer') return 'warn';
  return ending !== undefined && FAILED_ENDINGS.has(ending) ? 'error' : 'info';
}

/** What is not given is that of the running trace. A thread id that is the trace id says nothing more. */
export function idsOf(given: LineIds): LineIds {
  const trace = given.traceId === undefined ? currentStage()?.trace : undefined;
  const traceId = given.traceId ?? trace?.traceId;
  const threadId = given.threadId ?? trace?.threadId;
  return { traceId, threadId: threadId === traceId ? undefined : threadId };
}

/** The cause itself and what it was caused by, as text. */
export function causesOf(cause: unknown): string[] {
  const { type, message, causes } = describeError(cause, CAUSE_LENGTH);
  return [message === '' ? type : `${type}: ${message}`, ...causes];
}

export function isEmpty(attributes: object | undefined): boolean {
  return attributes === undefined || (!types.isProxy(attributes) && Object.keys(attributes).length === 0);
}
