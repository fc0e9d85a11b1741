import type {
  Attributes,
  AttributeValue,
  Sink,
  StageExecution,
  StageKind,
  StageStart,
  TraceIdentity,
} from '@followspot/core';
import { ErrorsTold } from './errors-told.js';
import type { ObservabilityLogger } from './observability-logger.js';

/** Attributes that have a field of their own. */
const REQUEST_FIELDS = new Set(['method', 'route', 'statusCode']);
const STREAM_FIELDS = new Set(['route', 'heartbeats', 'events', 'timeToFirstEventMs', 'stalls', 'bytes']);
const PROVIDER_FIELDS = new Set(['provider', 'model', 'inputTokens', 'outputTokens', 'tokenCost', 'apiCost']);
const CACHE_FIELDS = new Set(['cache', 'hit']);

/** Which lines a {@link LogSink} writes; everything has a default. */
export interface LogSinkOptions {
  /** `Stage started` and `Stage completed`, of stages that have no line of their own. Default true. */
  readonly stages?: boolean | undefined;
  /** The lines of requests, streams, provider calls and cache look-ups. Default true. */
  readonly metrics?: boolean | undefined;
  /**
   * `kept`: the lines of kept traces. `all`: those of every trace, each in the turn of the event loop in which its stage ends; `Stage started`
   * and `Stream opened` are then not written. Default `kept`.
   */
  readonly traces?: 'kept' | 'all' | undefined;
}

/**
 * Writes one line for each stage that ends: what its kind has a line for (`request`, `stream`, `provider`, `cache`) is
 * told by that, any other as `Stage completed`. An error has a line of its own, once for a trace, at the innermost
 * stage that failed with it; the others name its type. Trace ids are given explicitly and not read from the context,
 * because a stage may end where there is none, such as after the client has gone.
 */
export class LogSink implements Sink {
  readonly name = 'log';
  readonly scope: 'kept' | 'all';
  readonly #logger: ObservabilityLogger;
  readonly #writesStages: boolean;
  readonly #writesMetrics: boolean;
  readonly #errors = new ErrorsTold();

  constructor(logger: ObservabilityLogger, options: LogSinkOptions = {}) {
    this.#logger = logger;
    this.#writesStages = options.stages ?? true;
    this.#writesMetrics = options.metrics ?? true;
    this.scope = options.traces ?? 'kept';
  }

  /** Hardly ever are lines at `debug` written. */
  wantsStart(kind: StageKind): boolean {
    return kind === 'stream' && this.#writesMetrics
      ? true
      : this.#writesStages && this.#logger.writes('debug');
  }

  started(stage: StageStart, trace: TraceIdentity): void {
    if (stage.kind === 'stream' && this.#writesMetrics) this.#streamStarted(stage, trace);
    else if (this.#writesStages) this.#logger.logStageStarted(stage, trace);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    // The request itself fails with its status code, or with what its stream has failed with.
    if (stage.outcome === 'error' && stage.kind !== 'request') this.#tellError(stage, trace);
    if (this.#writesMetrics && this.#writeMetrics(stage, trace)) return;
    if (this.#writesStages) this.#logger.logStageCompleted(stage, trace);
  }

  #streamStarted(stage: StageStart, trace: TraceIdentity): void {
    const eventType = stage.attributes['lastEventId'] === undefined ? 'opened' : 'resumed';
    this.#logger.logStreamEvent(eventType, trace.traceId, stage.attributes, {
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
    });
  }

  #tellError(stage: StageExecution, trace: TraceIdentity): void {
    const { kind, errorType = 'Error', errorMessage = '', errorStatus, errorCauses } = stage;
    if (!this.#errors.isNew(trace, errorType, errorMessage)) return;
    // A provider's 4xx is our mistake and not the client's.
    const isRefusal = kind !== 'provider' && errorStatus !== undefined && errorStatus < 500;
    this.#logger.logError(errorType, errorMessage, {
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
      status: errorStatus,
      causes: errorCauses,
      level: isRefusal ? 'warn' : 'error',
    });
  }

  /** False when there is no line for what the stage is. */
  #writeMetrics(stage: StageExecution, trace: TraceIdentity): boolean {
    switch (stage.kind) {
      case 'request':
        this.#request(stage, trace);
        return true;
      case 'stream':
        this.#stream(stage, trace);
        return true;
      case 'provider':
        this.#provider(stage, trace);
        return true;
      case 'cache':
        return this.#cache(stage, trace);
      default:
        return false;
    }
  }

  #request(stage: StageExecution, trace: TraceIdentity): void {
    const { method, route, statusCode } = stage.attributes;
    this.#logger.logRequestMetrics({
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
      outcome: stage.outcome,
      errorType: stage.errorType,
      method: textOf(method) ?? '_OTHER',
      route: textOf(route) ?? 'unmatched',
      statusCode: numberOf(statusCode),
      latencyMs: stage.durationMs,
      keptBecause: trace.keptBecause,
      attributes: furtherOf(stage.attributes, REQUEST_FIELDS),
    });
  }

  #stream(stage: StageExecution, trace: TraceIdentity): void {
    const { route, heartbeats, events, timeToFirstEventMs, stalls, bytes } = stage.attributes;
    this.#logger.logSseMetrics({
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
      outcome: stage.outcome,
      errorType: stage.errorType,
      route: textOf(route),
      durationMs: stage.durationMs,
      heartbeats: numberOf(heartbeats) ?? 0,
      events: numberOf(events) ?? 0,
      ending: stage.ending,
      timeToFirstEventMs: numberOf(timeToFirstEventMs),
      stalls: numberOf(stalls),
      bytes: numberOf(bytes),
      attributes: furtherOf(stage.attributes, STREAM_FIELDS),
    });
  }

  #provider(stage: StageExecution, trace: TraceIdentity): void {
    const { provider, model, inputTokens, outputTokens, tokenCost, apiCost } = stage.attributes;
    this.#logger.logProviderMetrics({
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
      outcome: stage.outcome,
      errorType: stage.errorType,
      provider: textOf(provider) ?? 'unknown',
      model: textOf(model),
      latencyMs: stage.durationMs,
      success: stage.success,
      inputTokens: numberOf(inputTokens),
      outputTokens: numberOf(outputTokens),
      tokenCost: numberOf(tokenCost),
      apiCost: numberOf(apiCost),
      attributes: furtherOf(stage.attributes, PROVIDER_FIELDS),
    });
  }

  /** What is no look-up (storing), and one that failed, has no hit. */
  #cache(stage: StageExecution, trace: TraceIdentity): boolean {
    const { cache, hit } = stage.attributes;
    if (typeof hit !== 'boolean') return false;
    this.#logger.logCacheMetrics({
      traceId: trace.traceId,
      threadId: trace.threadId,
      stage: stage.stageId,
      outcome: stage.outcome,
      errorType: stage.errorType,
      cache: textOf(cache) ?? 'unknown',
      hit,
      latencyMs: stage.durationMs,
      attributes: furtherOf(stage.attributes, CACHE_FIELDS),
    });
    return true;
  }
}

/** The attributes that have no field of their own; undefined where there are none. */
function furtherOf(attributes: Attributes, fields: ReadonlySet<string>): Attributes | undefined {
  let further: Record<string, AttributeValue> | undefined;
  for (const key of Object.keys(attributes)) {
    if (fields.has(key) || key === '__proto__') continue;
    const value = attributes[key];
    if (value !== undefined) (further ??= {})[key] = value;
  }
  return further;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
