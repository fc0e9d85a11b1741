import type { StageExecution, StageStart, TraceIdentity } from '@followspot/core';
import { causesOf, endOf, headOf, idsOf, isEmpty, type Line, sseLevel } from './line.js';
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
import { isPlainLine } from './plain-cost.js';
import { PlainRequests } from './plain-requests.js';
import { PlainStages } from './plain-stages.js';
import { PlainIds } from './plain-texts.js';
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

const STAGE_COMPLETED = 'Stage completed';

/** What every pino logger has. */
const PINO = Symbol.for('pino.hooks');

/**
 * One structured line per event, each with the trace id, without secrets and within bounds; see `docs/logging.md` for
 * the shape of each. What it is given is never changed, and none of its methods throws, whatever that is.
 */
export class ObservabilityLogger {
  readonly #writer: LogWriter;
  /** pino puts a function that does nothing into the place of those that do not write, which takes less than to ask it. */
  readonly #isPino: boolean;
  readonly #loggable: LoggableOptions;
  readonly #plainStages: PlainStages;
  readonly #plainRequests: PlainRequests;
  #faults: LogFaults | undefined;

  constructor(writer: LogWriter, options: ObservabilityLoggerOptions = {}) {
    this.#writer = writer;
    this.#isPino = PINO in writer;
    const showsQueryText = options.queryText ?? false;
    this.#loggable = {
      limits: { ...DEFAULT_LOG_LIMITS, ...options.limits },
      keys: new SecretKeys(options.redactKeys ?? [], showsQueryText),
      showsQueryText,
    };
    const ids = new PlainIds();
    this.#plainStages = new PlainStages(this.#loggable, ids);
    this.#plainRequests = new PlainRequests(this.#loggable, ids);
  }

  /** From now on counts what is cut, and reports what a writer throws, where everything else is counted. */
  reportTo(faults: LogFaults): void {
    this.#faults = faults;
  }

  /** Whether lines of this level are written at all, as far as the writer knows; asked of those that hardly ever are. */
  writes(level: LogLevel): boolean {
    try {
      return this.#writer.isLevelEnabled?.(level) !== false;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** `event: request`. At `error` when it failed or was answered with 500 and above, otherwise at `info`. */
  logRequestMetrics(request: RequestMetrics): void {
    try {
      const line = this.#plainRequests.lineOf(request);
      if (line === undefined) this.#logRequestWithCare(request);
      else this.#writePlain(line.fields, line.message);
    } catch (error) {
      this.#failed(error);
    }
  }

  #logRequestWithCare(request: RequestMetrics): void {
    this.#write('requestMetrics', () => {
      const { traceId, threadId } = idsOf(request);
      const { stage, method, route, statusCode, latencyMs, keptBecause, outcome, errorType } = request;
      const isFailed = outcome === 'error' || (statusCode ?? 0) >= 500;
      return {
        level: isFailed ? 'error' : 'info',
        message: `${method} ${route} ${endOf(statusCode, outcome)}`,
        fields: {
          event: 'request',
          traceId,
          threadId,
          stage,
          method,
          route,
          statusCode,
          latencyMs,
          keptBecause,
          outcome,
          errorType,
        },
        attributes: request.attributes,
      };
    });
  }

  /**
   * `event: sse`. At `error` when the stream failed, at `warn` when its client did not read, otherwise at `info`: a
   * client that left is not an error.
   */
  logSseMetrics(stream: SseMetrics): void {
    this.#write('sseMetrics', () => {
      const { traceId, threadId } = idsOf(stream);
      const { route, durationMs, heartbeats, events, ending, timeToFirstEventMs, stalls, bytes } = stream;
      return {
        level: sseLevel(ending),
        message: `Stream ${ending ?? 'refused'}`,
        fields: {
          event: 'sse',
          traceId,
          threadId,
          stage: stream.stage,
          route,
          ending,
          durationMs,
          timeToFirstEventMs,
          events,
          heartbeats,
          stalls,
          bytes,
          outcome: stream.outcome,
          errorType: stream.errorType,
        },
        attributes: stream.attributes,
      };
    });
  }

  /** `event: provider`. At `warn` when the call failed: another attempt may have helped. Otherwise at `info`. */
  logProviderMetrics(call: ProviderMetrics): void {
    this.#write('providerMetrics', () => {
      const { traceId, threadId } = idsOf(call);
      const { stage, provider, model, latencyMs, success, outcome, errorType } = call;
      const { inputTokens, outputTokens, tokenCost, apiCost } = call;
      const ended = success ? (outcome ?? 'ok') : 'failed';
      return {
        level: success ? 'info' : 'warn',
        message: `Provider ${provider} ${ended}`,
        fields: {
          event: 'provider',
          traceId,
          threadId,
          stage,
          provider,
          model,
          latencyMs,
          success,
          inputTokens,
          outputTokens,
          tokenCost,
          apiCost,
          outcome,
          errorType,
        },
        attributes: call.attributes,
      };
    });
  }

  /** `event: cache`, at `info`. */
  logCacheMetrics(lookup: CacheMetrics): void {
    this.#write('cacheMetrics', () => {
      const { traceId, threadId } = idsOf(lookup);
      const { stage, cache, hit, latencyMs, outcome, errorType } = lookup;
      return {
        level: 'info',
        message: `Cache ${cache} ${hit ? 'hit' : 'miss'}`,
        fields: { event: 'cache', traceId, threadId, stage, cache, hit, latencyMs, outcome, errorType },
        attributes: lookup.attributes,
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
    const level = eventType === 'opened' ? 'debug' : 'info';
    if (!this.writes(level)) return;
    this.#write('streamEvent', () => {
      const { outcome, errorType, attributes } = details;
      return {
        level,
        message: `Stream ${eventType}`,
        fields: { ...headOf('stream_event', details), eventType, streamId, data, outcome, errorType },
        attributes,
      };
    });
  }

  /**
   * `event: error`, at `error` unless `details.level` says otherwise; the message of the line is that of the error.
   * @param errorType Such as the class of the error.
   * @param message What has happened, for people.
   */
  logError(errorType: string, message: string, details: ErrorDetails = {}): void {
    this.#write('error', () => {
      const { level = 'error', status, cause, causes: known = [], outcome, attributes } = details;
      const chain = cause === undefined ? known : [...causesOf(cause), ...known];
      const causes = chain.length > 0 ? chain : undefined;
      return {
        level,
        message: message === '' ? errorType : message,
        fields: { ...headOf('error', details), status, causes, outcome, errorType },
        attributes,
      };
    });
  }

  /** `event: stage`, at `debug`: a stage has started. */
  logStageStarted(stage: StageStart, trace: TraceIdentity): void {
    if (!this.writes('debug')) return;
    this.#write('stageStarted', () => {
      const { stageId, stageName, kind, attributes } = stage;
      const { traceId, threadId } = idsOf(trace);
      return {
        level: 'debug',
        message: 'Stage started',
        fields: { event: 'stage', traceId, threadId, stage: stageId, stageName, kind },
        attributes,
      };
    });
  }

  /** `event: stage`, at `info`: a stage has ended that none of the other lines is about. */
  logStageCompleted(stage: StageExecution, trace: TraceIdentity): void {
    try {
      const fields = this.#plainStages.fieldsOf(stage, trace);
      if (fields === undefined) this.#logStageWithCare(stage, trace);
      else this.#writePlain(fields, STAGE_COMPLETED);
    } catch (error) {
      this.#failed(error);
    }
  }

  #logStageWithCare(stage: StageExecution, trace: TraceIdentity): void {
    this.#write('stageCompleted', () => {
      const { stageId, stageName, kind, durationMs, outcome, ending, errorType, attributes } = stage;
      const { traceId, threadId } = idsOf(trace);
      return {
        level: 'info',
        message: STAGE_COMPLETED,
        fields: {
          event: 'stage',
          traceId,
          threadId,
          stage: stageId,
          stageName,
          kind,
          durationMs,
          ending,
          outcome,
          errorType,
        },
        attributes,
      };
    });
  }

  /**
   * Never throws: neither what it is given nor the writer can.
   * @param form The same for lines whose fields have the same names.
   */
  #write(form: string, describe: () => Line): void {
    try {
      const { level, message, fields, attributes } = describe();
      if (this.#writer.isLevelEnabled?.(level) === false) return;
      const further = isEmpty(attributes) ? undefined : attributes;
      if (isPlainLine(fields, further, message, form, this.#loggable)) {
        if (further !== undefined) fields['attributes'] = { ...further };
        this.#writer[level](fields, message);
      } else this.#writeWithCare(level, message, fields, further, form);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#faults?.reportInternalError('log', error);
  }

  /** A line at `info` in which nothing has to be hidden or cut. */
  #writePlain(fields: object, message: string): void {
    if (this.#isPino || this.#writer.isLevelEnabled?.('info') !== false) this.#writer.info(fields, message);
  }

  /** Of a line in which something has to be hidden or cut. */
  #writeWithCare(
    level: LogLevel,
    message: string,
    fields: Record<string, unknown>,
    attributes: object | undefined,
    form: string,
  ): void {
    const loggable = new Loggable(this.#loggable);
    const line = loggable.fields(fields, form);
    if (attributes !== undefined) line['attributes'] = loggable.copy(attributes);
    const text = loggable.message(message);
    if (this.#faults !== undefined) this.#faults.drops.logValues += loggable.cuts;
    this.#writer[level](line, text);
  }
}
