import type { Sink, StageExecution, StageStart, TraceIdentity } from '@followspot/core';

/** Where lines go; a pino logger fits as it is. */
export interface LogWriter {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/**
 * Writes a line per stage of a kept trace: `Stage started` at debug, `Stage completed` at info. The trace id is given
 * explicitly and not read from the context, because a stage may end where there is none, such as after the client
 * has gone. Nothing is written for sampled-out traces; the lines of a rescued one come when it ends.
 */
export class LogSink implements Sink {
  readonly name = 'log';
  readonly #writer: LogWriter;

  constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  started(stage: StageStart, trace: TraceIdentity): void {
    this.#writer.debug({ ...identityOf(stage, trace), ...attributesOf(stage) }, 'Stage started');
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    this.#writer.info(
      {
        ...identityOf(stage, trace),
        durationMs: stage.durationMs,
        outcome: stage.outcome,
        ...(stage.ending !== undefined && { ending: stage.ending }),
        ...(stage.errorType !== undefined && {
          errorType: stage.errorType,
          errorMessage: stage.errorMessage,
        }),
        ...attributesOf(stage),
      },
      'Stage completed',
    );
  }
}

function identityOf(stage: StageStart, trace: TraceIdentity): object {
  return {
    stage: stage.stageId,
    stageName: stage.stageName,
    kind: stage.kind,
    threadId: trace.threadId,
    traceId: trace.traceId,
  };
}

/** Left out where there are none. */
function attributesOf({ attributes }: StageStart): object {
  return Object.keys(attributes).length > 0 ? { attributes } : {};
}
