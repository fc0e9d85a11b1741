import { currentStage } from './context/context.js';
import { outgoingHeaders } from './trace/outgoing-headers.js';
import type { ProviderCall } from './provider/provider-call.js';
import { PlainDefinitions, stageDefinition, type StageOptions } from './stage/stage-definition.js';
import type { DropCounts } from './drop-counts.js';
import type { Recorder, TraceStart } from './recorder.js';
import { type AttributesOf, definitionOfCall, runStage, runToCompletion } from './run-stage.js';
import type { AttributeValue, ExecutionSummary } from './stage/stage-execution.js';
import type { StageStatistics } from './statistics/stage-statistics.js';

/** The id of a provider stage that is given none. */
const PROVIDER_STAGE_ID = 'PROVIDER_CALL';

/** How {@link ExecutionTracker.runTrace} names and describes the trace. */
export type RunTraceOptions<V = unknown> = TraceStart & StageOptions<V, []>;

/** What {@link ExecutionTracker.trackProvider} is told of a call to a provider. */
export type ProviderStageOptions<V = unknown> = ProviderCall &
  Omit<StageOptions<V, []>, 'kind' | 'provider'> & {
    /** Default `PROVIDER_CALL`. */
    readonly stageId?: string;
  };

/** The face of the engine in an application: tracks stages by hand and answers what was recorded. */
export class ExecutionTracker {
  readonly #recorder: Recorder;
  readonly #definitions: PlainDefinitions;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#definitions = new PlainDefinitions(recorder.limits.stageIds);
  }

  /** The id of the trace that is running here, also after it has ended; undefined outside every trace. */
  get traceId(): string | undefined {
    return currentStage()?.trace.traceId;
  }

  /** The key by which the running trace is sampled and looked up; undefined outside every trace. */
  get threadId(): string | undefined {
    return currentStage()?.trace.threadId;
  }

  /**
   * Aborts when nobody waits for the running trace any longer: the client of the request has left, its connection was
   * cut, or nobody reads its stream, as for HEAD. Hand it to whatever works for the answer
   * (`fetch(url, { signal: tracker.signal })`), so that nobody pays for what nobody reads. It does not abort when the
   * trace ends otherwise (unlike Nest 12's `@SseSignal()`, which also aborts on completion), and outside a trace it
   * never does.
   */
  get signal(): AbortSignal {
    return currentStage()?.trace.signal ?? new AbortController().signal;
  }

  /**
   * Headers for a call to another service, so that it can tell of the same trace: `X-Trace-ID` as it is, and W3C's
   * `traceparent` with the trace id as 32 hex digits (an id of another form by its MD5), a new span id, and the flag
   * `01` if the trace is kept, as far as that is decided by now. None outside every trace.
   */
  outgoingHeaders(): Readonly<Record<string, string>> {
    return outgoingHeaders(currentStage()?.trace);
  }

  /**
   * Runs `fn` as a stage, a substage of the one that is running here. What `fn` returns or throws comes back as it
   * is; the stage lasts until a returned promise or stream is finished. Outside a trace it is a plain call. A
   * malformed stage id is recorded as `other` and counted.
   */
  trackStage<T>(stageId: string, fn: () => T, options?: StageOptions<Awaited<T>, []>): T {
    if (options === undefined) return runStage(this.#definitions.of(stageId), fn) as T;
    const attributesOf = options.attributes as AttributesOf | undefined;
    return runStage(stageDefinition(stageId, options), fn, attributesOf) as T;
  }

  /** The same as {@link trackStage}, under the reference's name for a stage inside another. */
  trackSubstage<T>(substageId: string, fn: () => T, options?: StageOptions<Awaited<T>, []>): T {
    return this.trackStage(substageId, fn, options);
  }

  /**
   * Runs `fn` as a stage of kind `provider` and records what the answer says of itself as it passes: when its content
   * came, tokens, finish reason, model, and what it cost; see `docs/providers.md`. `fn` returns what an SDK returns: a
   * promise of an answer or of a stream, an async iterable, an Observable of chunks. It comes back as it is, and the
   * stage ends once: with the answer, its failure, or when nobody reads it any longer.
   */
  trackProvider<T>(call: ProviderStageOptions<Awaited<T>>, fn: () => T): T {
    const { stageId = PROVIDER_STAGE_ID } = call;
    return this.trackStage(stageId, fn, { ...call, kind: 'provider', provider: call });
  }

  /**
   * Runs `fn` as a trace of its own, for work that is not an HTTP request: a job, a consumer, a test. The trace ends
   * when what `fn` returns is finished; a stream that is returned must therefore be used.
   * @param stageId Of the root stage, such as `JOB.1_REINDEX`.
   */
  runTrace<T>(stageId: string, fn: () => T, options?: RunTraceOptions<Awaited<T>>): T {
    const definition = definitionOfCall(stageDefinition(stageId, options), [], this.#recorder);
    const { root, mayRecord } = this.#recorder.openTrace(definition, options);
    if (root === undefined) return fn();
    if (!mayRecord) return root.run(fn);
    const attributesOf = options?.attributes as AttributesOf | undefined;
    return runToCompletion(root, definition, fn, undefined, [], attributesOf) as T;
  }

  /** Sets an attribute on the stage that is running here; does nothing outside a trace. */
  setAttribute(key: string, value: AttributeValue): void {
    currentStage()?.setAttribute(key, value);
  }

  /** Keeps the running trace whatever the sampler says; does nothing outside a trace. */
  forceTracking(): void {
    currentStage()?.trace.force();
  }

  /** The share of thread ids that the sampler keeps, 0 to 1. */
  get sampleRate(): number {
    return this.#recorder.sampler.rate;
  }

  /** Whether the sampler keeps a thread id. The same id always gets the same answer; `force` answers true. */
  shouldTrack(threadId: string, force = false): boolean {
    return this.#recorder.enabled && (force || this.#recorder.sampler.isSampled(threadId));
  }

  /**
   * What happened in a trace: the one running here if the thread id is its own, otherwise the latest of that id that
   * is running or was kept. Undefined when there is none.
   */
  getExecutionSummary(threadId: string): ExecutionSummary | undefined {
    const here = currentStage()?.trace;
    const own = here?.threadId === threadId ? here.runningSummary() : undefined;
    return (
      own ?? this.#recorder.openTraceOf(threadId)?.runningSummary() ?? this.#recorder.history.latest(threadId)
    );
  }

  /**
   * Exact figures over the last `limit` executions of a stage, of all traces that were measured and not only of kept
   * ones. Undefined when the stage was never executed.
   * @param limit Default 100; at most the option `limits.executionsPerStatistic` executions are remembered.
   * @throws RangeError when the limit is not a whole number of at least 1.
   */
  getStageStatistics(stageId: string, limit = 100): StageStatistics | undefined {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`limit must be a whole number of at least 1, got ${String(limit)}`);
    }
    return this.#recorder.statistics.of(stageId, limit);
  }

  /** Forgets the ended traces of a thread id and says how many there were. Running ones are not touched. */
  clearThreadData(threadId: string): number {
    return this.#recorder.history.clear(threadId);
  }

  /** How often each bound was reached; a copy. */
  getDropCounts(): Readonly<DropCounts> {
    this.#recorder.deliver();
    return { ...this.#recorder.drops };
  }
}
