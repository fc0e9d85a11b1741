import { types } from 'node:util';
import {
  currentStage,
  describeError,
  type StageExecution,
  type StageStart,
  type StreamEnding,
  type TraceIdentity,
} from '@followspot/core';
import type {
  CacheMetrics,
  ErrorDetails,
  LineDetails,
  ProviderMetrics,
  RequestMetrics,
  SseMetrics,
} from './log-events.js';
import { DEFAULT_LOG_LIMITS, type LogLimits } from './log-limits.js';
import type { LogLevel, LogWriter } from './log-writer.js';
import { Loggable, type LoggableOptions } from './loggable.js';
import { SecretKeys } from './secret-keys.js';

/** What lines may show; everything has a default. */
export interface ObservabilityLoggerOptions {
  /** Whether lines may show what people have typed: values of `q`, `query`, `prompt` and the like. Default false. */
  readonly queryText?: boolean | undefined;
  /** Names whose values are secrets, beside those that are known. Default none. */
  readonly redactKeys?: readonly string[] | undefined;
  /** Bounds of one line; what is not given has the default of {@link LogLimits}. */
  readonly limits?: Partial<LogLimits> | undefined;
}

/** Who is told of what went wrong in writing a line; a `Recorder` fits as it is. */
export interface LogFaults {
  readonly drops: { logValues: number };
  reportInternalError(place: string, error: unknown): void;
}

/** Endings that say that the stream failed. */
const FAILED_ENDINGS = new Set<StreamEnding>(['server_error', 'upstream_error', 'timeout']);

/** How many characters of an error's causes are looked at. */
const CAUSE_LENGTH = 1_024;

/**
 * One structured line per event, each with the trace id, without secrets and within bounds; see `docs/logging.md` for
 * the shape of each. What it is given is never changed, and none of its methods throws, whatever that is.
 */
export class ObservabilityLogger {
  readonly #writer: LogWriter;
  readonly #loggable: LoggableOptions;
  #faults: LogFaults | undefined;

  constructor(writer: LogWriter, options: ObservabilityLoggerOptions = {}) {
    this.#writer = writer;
    const showsQueryText = options.queryText ?? false;
    this.#loggable = {
      limits: { ...DEFAULT_LOG_LIMITS, ...options.limits },
      keys: new SecretKeys(options.redactKeys ?? [], showsQueryText),
      showsQueryText,
    };
  }

  /** From now on counts what is cut, and reports what a writer throws, where everything else is counted. */
  reportTo(faults: LogFaults): void {
    this.#faults = faults;
  }

  /** `event: request`. At `error` when it failed or was answered with 500 and above, otherwise at `info`. */
  logRequestMetrics(request: RequestMetrics): void {
    this.#write(() => {
      const { method, route, statusCode, latencyMs, keptBecause, outcome } = request;
      const isFailed = outcome === 'error' || (statusCode ?? 0) >= 500;
      const ended = [statusCode, outcome === 'ok' ? undefined : outcome].filter((part) => part !== undefined);
      const message = `${method} ${route} ${ended.join(', ')}`;
      return {
        level: isFailed ? 'error' : 'info',
        event: 'request',
        message,
        fields: { method, route, statusCode, latencyMs, keptBecause },
        details: request,
      };
    });
  }

  /**
   * `event: sse`. At `error` when the stream failed, at `warn` when its client did not read, otherwise at `info`: a
   * client that left is not an error.
   */
  logSseMetrics(stream: SseMetrics): void {
    this.#write(() => {
      const { route, durationMs, heartbeats, events, ending, timeToFirstEventMs, stalls, bytes } = stream;
      return {
        level: sseLevel(ending),
        event: 'sse',
        message: `Stream ${ending ?? 'refused'}`,
        fields: { route, ending, durationMs, timeToFirstEventMs, events, heartbeats, stalls, bytes },
        details: stream,
      };
    });
  }

  /** `event: provider`. At `warn` when the call failed: another attempt may have helped. Otherwise at `info`. */
  logProviderMetrics(call: ProviderMetrics): void {
    this.#write(() => {
      const { provider, model, latencyMs, success } = call;
      const { inputTokens, outputTokens, tokenCost, apiCost } = call;
      const ended = success ? (call.outcome ?? 'ok') : 'failed';
      return {
        level: success ? 'info' : 'warn',
        event: 'provider',
        message: `Provider ${provider} ${ended}`,
        fields: { provider, model, latencyMs, success, inputTokens, outputTokens, tokenCost, apiCost },
        details: call,
      };
    });
  }

  /** `event: cache`, at `info`. */
  logCacheMetrics(lookup: CacheMetrics): void {
    this.#write(() => {
      const { cache, hit, latencyMs } = lookup;
      return {
        level: 'info',
        event: 'cache',
        message: `Cache ${cache} ${hit ? 'hit' : 'miss'}`,
        fields: { cache, hit, latencyMs },
        details: lookup,
      };
    });
  }

  /**
   * `event: stream_event`: something that happens to a stream while it is open. At `debug` when it was opened, which
   * every stream is, otherwise at `info`.
   * @param eventType Such as `opened` or `resumed`.
   * @param streamId What names the stream; of an `@Sse` answer the trace id.
   * @param data Anything else that is known.
   */
  logStreamEvent(eventType: string, streamId: string, data?: object, details: LineDetails = {}): void {
    this.#write(() => ({
      level: eventType === 'opened' ? 'debug' : 'info',
      event: 'stream_event',
      message: `Stream ${eventType}`,
      fields: { eventType, streamId, data },
      details,
    }));
  }

  /**
   * `event: error`, at `error` unless `details.level` says otherwise; the message of the line is that of the error.
   * @param errorType Such as the class of the error.
   * @param message What has happened, for people.
   */
  logError(errorType: string, message: string, details: ErrorDetails = {}): void {
    this.#write(() => {
      const { level = 'error', status, cause, causes = [] } = details;
      const chain = cause === undefined ? causes : [...causesOf(cause), ...causes];
      return {
        level,
        event: 'error',
        message: message === '' ? errorType : message,
        fields: { status, causes: chain.length > 0 ? chain : undefined },
        details: { ...details, errorType },
      };
    });
  }

  /** `event: stage`, at `debug`: a stage has started. */
  logStageStarted(stage: StageStart, trace: TraceIdentity): void {
    this.#write(() => ({
      level: 'debug',
      event: 'stage',
      message: 'Stage started',
      fields: { stageName: stage.stageName, kind: stage.kind },
      details: { ...identityOf(trace), stage: stage.stageId, attributes: stage.attributes },
    }));
  }

  /** `event: stage`, at `info`: a stage has ended that none of the other lines is about. */
  logStageCompleted(stage: StageExecution, trace: TraceIdentity): void {
    this.#write(() => {
      const { stageId, stageName, kind, durationMs, outcome, ending, errorType, attributes } = stage;
      return {
        level: 'info',
        event: 'stage',
        message: 'Stage completed',
        fields: { stageName, kind, durationMs, ending },
        details: { ...identityOf(trace), stage: stageId, outcome, errorType, attributes },
      };
    });
  }

  /** Never throws: neither what it is given nor the writer can. */
  #write(describe: () => Line): void {
    try {
      const { level, event, message, fields, details } = describe();
      if (this.#writer.isLevelEnabled?.(level) === false) return;
      const loggable = new Loggable(this.#loggable);
      const { stage, outcome, errorType, attributes } = details;
      const { traceId, threadId } = idsOf(details);
      const ids = { traceId, threadId: threadId === traceId ? undefined : threadId };
      const copy = loggable.copy({ event, ...ids, stage, ...fields, outcome, errorType });
      const more = isEmpty(attributes) ? {} : { attributes: loggable.copy(attributes) };
      const text = loggable.text(message);
      if (this.#faults !== undefined) this.#faults.drops.logValues += loggable.cuts;
      this.#writer[level]({ ...(copy as object), ...more }, text);
    } catch (error) {
      this.#faults?.reportInternalError('log', error);
    }
  }
}

interface Line {
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
  readonly fields: object;
  readonly details: LineDetails;
}

/** A stream without an ending was refused before it began. */
function sseLevel(ending: StreamEnding | undefined): LogLevel {
  if (ending === 'slow_consumer') return 'warn';
  return ending !== undefined && FAILED_ENDINGS.has(ending) ? 'error' : 'info';
}

/** What is not given is that of the running trace. */
function idsOf({ traceId, threadId }: LineDetails): Pick<LineDetails, 'traceId' | 'threadId'> {
  if (traceId !== undefined) return { traceId, threadId };
  const trace = currentStage()?.trace;
  return { traceId: trace?.traceId, threadId: threadId ?? trace?.threadId };
}

function identityOf({ traceId, threadId }: TraceIdentity): Pick<LineDetails, 'traceId' | 'threadId'> {
  return { traceId, threadId };
}

/** The cause itself and what it was caused by, as text. */
function causesOf(cause: unknown): string[] {
  const { type, message, causes } = describeError(cause, CAUSE_LENGTH);
  return [message === '' ? type : `${type}: ${message}`, ...causes];
}

function isEmpty(attributes: object | undefined): boolean {
  return attributes === undefined || (!types.isProxy(attributes) && Object.keys(attributes).length === 0);
}
