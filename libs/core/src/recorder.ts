import { CacheSavings } from './cache/cache-savings.js';
import { type Clock, steadyClock, systemClock } from './clock.js';
import { type DropCounts, noDrops } from './drop-counts.js';
import { History } from './history/history.js';
import { type Limits, limitsOf } from './limits.js';
import { OpenTraces } from './trace/open-traces.js';
import { type Letter, Outbox } from './delivery/outbox.js';
import { type RescueRules, rescueRulesOf } from './rescue.js';
import type { ProviderSupport } from './provider/provider-support.js';
import type { ResultShape } from './completion/result-shape.js';
import { Sampler } from './sampler.js';
import type { Sink } from './delivery/sink.js';
import { type Deliveries, type InternalErrorReporter, SinkFanOut } from './delivery/sink-fan-out.js';
import { canCount, StageCounts } from './counting/stage-counts.js';
import { StageIds } from './stage/stage-id.js';
import { StatisticsSink } from './statistics/stage-statistics.js';
import type { StageDefinition } from './stage/stage-definition.js';
import type { KeptBecause, StageExecution } from './stage/stage-execution.js';
import { Trace } from './trace/trace.js';
import { switchTrackingOn } from './tracking-switch.js';
import { createTraceId } from './trace/trace-id.js';
import { UpstreamErrors } from './trace/upstream-errors.js';

/** How a recorder is configured; everything has a default. */
export interface RecorderOptions {
  /** False records nothing: traces still get their ids, stages are plain calls. Default true. */
  readonly enabled?: boolean;
  /** Share of the traces to keep, 0 to 1. Default 0.1. */
  readonly sampleRate?: number;
  /** Which traces outside the sample are kept all the same; false for none. Default: failed, abandoned, slow. */
  readonly rescue?: boolean | Partial<RescueRules>;
  /** Bounds of what is kept in memory; what is not given has the default of {@link Limits}. */
  readonly limits?: Partial<Limits>;
  /** Receive ended stages, beside the history and the statistics. Default none. */
  readonly sinks?: readonly Sink[];
  /** Shapes of results that the engine does not know by itself, such as an Observable. Default none. */
  readonly shapes?: readonly ResultShape[];
  /** What provider stages need beside the engine: prices, a tokenizer, what may be recorded. Default nothing. */
  readonly provider?: ProviderSupport;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  /** Told once per place of an error that was kept from business code. Default: nobody, the error is only counted. */
  readonly onInternalError?: InternalErrorReporter;
  /** Milliseconds that `close` waits for the sinks, from 0 to an hour. Default 1,000. */
  readonly closeTimeoutMs?: number;
  /**
   * Milliseconds that the stages of an aborted trace have to stop by themselves before they are closed as cancelled,
   * from 0 to an hour. Default 500.
   */
  readonly abortGraceMs?: number;
}

/** What names a new trace; every field has a default. */
export interface TraceStart {
  /** Default: a new id. */
  readonly traceId?: string | undefined;
  /** The key that sampling hashes and summaries are looked up by. Default: the trace id. */
  readonly threadId?: string | undefined;
  /** Keep this trace whatever the sampler says. Default false. */
  readonly force?: boolean | undefined;
}

/** How long `close` waits for the sinks by default, in milliseconds. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 1_000;

/** How long the stages of an aborted trace may take to stop by default, in milliseconds. */
export const DEFAULT_ABORT_GRACE_MS = 500;

/** The default share of traces that are kept, as in the reference. */
export const DEFAULT_SAMPLE_RATE = 0.1;

/** Opens traces and hands what ended to statistics, history and sinks. One per application. */
export class Recorder {
  /** Whether anything is recorded. */
  readonly enabled: boolean;
  readonly sampler: Sampler;
  /** The rules in force; undefined when nothing is rescued. */
  readonly rescue: RescueRules | undefined;
  /** All limits, defaults filled in. */
  readonly limits: Limits;
  readonly shapes: readonly ResultShape[];
  /** What provider stages need beside the engine. */
  readonly provider: ProviderSupport | undefined;
  /** How long the stages of an aborted trace may take to stop, in milliseconds. */
  readonly abortGraceMs: number;
  /** The given clock, guarded against its own faults. */
  readonly clock: Clock;
  /** Counts up while the process lives. */
  readonly drops: DropCounts = noDrops();
  /** The stage ids seen so far. */
  readonly stageIds: StageIds;
  /** Errors that provider stages ended with. */
  readonly upstreamErrors: UpstreamErrors;
  /** What hits of caches save. */
  readonly savings: CacheSavings;
  /** Receive every measured stage, after the statistics. */
  readonly measured: SinkFanOut;
  /** Receive the stages of kept traces. */
  readonly kept: SinkFanOut;
  /** Counts the plain stages of traces that are not in the sample; undefined where these have to be recorded. */
  readonly counts: StageCounts | undefined;
  /** Where these are recorded only because their trace may be rescued: counts them if it is not kept so far. */
  readonly countsOfRecorded: StageCounts | undefined;
  readonly #history: History;
  readonly #statistics: StatisticsSink;
  readonly #deliveries: Deliveries = { depth: 0 };
  /** Ended stages and traces that statistics, history and sinks have not seen. */
  readonly #outbox = new Outbox((error) => {
    this.reportInternalError('delivery', error);
  });
  readonly #open = new OpenTraces();
  readonly #reported = new Set<string>();
  readonly #onInternalError: InternalErrorReporter | undefined;
  readonly #closeTimeoutMs: number;
  /** Why a trace is kept when it is opened. */
  readonly keptFromTheStart: KeptBecause | 'undecided';
  /** Whether traces outside the sample record, too: to be rescued, or for a sink that wants every stage. */
  readonly isAllMeasured: boolean;
  /** Called when the last open trace has ended; set while closing waits for that. */
  #drained: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @throws RangeError when an option's value is not allowed. */
  constructor(options: RecorderOptions = {}) {
    this.enabled = options.enabled ?? true;
    if (this.enabled) switchTrackingOn();
    this.sampler = new Sampler(options.sampleRate ?? DEFAULT_SAMPLE_RATE);
    this.keptFromTheStart = this.sampler.rate === 1 ? 'sampled' : 'undecided';
    this.rescue = rescueRulesOf(options.rescue);
    this.limits = limitsOf(options.limits);
    this.shapes = options.shapes ?? [];
    this.provider = options.provider;
    const redact = options.provider?.redact;
    this.upstreamErrors = new UpstreamErrors(
      redact && ((text) => this.attempt('provider redact', () => redact(text)) ?? ''),
    );
    this.clock = steadyClock(options.clock ?? systemClock);
    this.stageIds = new StageIds(this.limits.stageIds);
    this.#history = new History(this.limits.tracesInHistory, this.drops);
    this.#statistics = new StatisticsSink(this.limits.executionsPerStatistic);
    this.savings = new CacheSavings(this.limits.cacheNames, this.drops);
    this.#onInternalError = options.onInternalError;
    this.#closeTimeoutMs = timeOf('closeTimeoutMs', options.closeTimeoutMs, DEFAULT_CLOSE_TIMEOUT_MS);
    this.abortGraceMs = timeOf('abortGraceMs', options.abortGraceMs, DEFAULT_ABORT_GRACE_MS);
    const sinks = options.sinks ?? [];
    this.isAllMeasured = this.rescue !== undefined || sinks.some((sink) => sink.scope === 'all');
    const report: InternalErrorReporter = (place, error) => {
      this.reportInternalError(place, error);
    };
    const forAll = sinks.filter((sink) => sink.scope === 'all');
    this.measured = new SinkFanOut(forAll, report, this.#deliveries);
    this.kept = new SinkFanOut(
      sinks.filter((sink) => sink.scope !== 'all'),
      report,
      this.#deliveries,
    );
    const counts = canCount(forAll)
      ? new StageCounts(this.#statistics, forAll, this.stageIds, this.drops, this.#deliveries, report)
      : undefined;
    this.counts = this.rescue === undefined ? counts : undefined;
    this.countsOfRecorded = this.rescue === undefined ? undefined : counts;
  }

  /** The kept traces that have ended. */
  get history(): History {
    this.deliver();
    return this.#history;
  }

  /** Latest durations and outcomes of every stage id. */
  get statistics(): StatisticsSink {
    this.deliver();
    return this.#statistics;
  }

  /** Opens a trace. It always has ids; whether it records is decided here, once. */
  openTrace(definition: StageDefinition, start: TraceStart = {}): Trace {
    const traceId = start.traceId ?? createTraceId();
    const threadId = start.threadId ?? traceId;
    const isFull = this.#open.count >= this.limits.openTraces;
    if (isFull && this.enabled) this.drops.openTraces += 1;
    const mayRecord = this.enabled && !isFull && this.#closing === undefined && !this.isDelivering;
    const isForced = mayRecord && (start.force === true || definition.force);
    const trace = new Trace(this, traceId, threadId, definition, mayRecord, isForced);
    if (mayRecord) this.#open.add(trace);
    return trace;
  }

  /** The trace of this thread id that was opened last and is still open. */
  openTraceOf(threadId: string): Trace | undefined {
    return this.#open.latestOf(threadId);
  }

  /** Traces that are open now. */
  get openTraceCount(): number {
    return this.#open.count;
  }

  /** Whether a sink is being called. What it does is not recorded: a sink that used the tracker would feed itself. */
  get isDelivering(): boolean {
    return this.#deliveries.depth > 0;
  }

  /** Called by a trace when it has ended. */
  traceEnded(trace: Trace): void {
    if (!trace.mayRecord) return;
    this.#open.remove(trace);
    if (this.#open.count === 0) this.#drained?.();
  }

  /** Runs a callback given as an option; what it throws is counted and reported, and `undefined` is used instead. */
  attempt<T>(place: string, callback: () => T): T | undefined {
    try {
      return callback();
    } catch (error) {
      this.reportInternalError(place, error);
      return undefined;
    }
  }

  reportInternalError(place: string, error: unknown): void {
    this.drops.internalErrors += 1;
    if (this.#reported.has(place)) return;
    this.#reported.add(place);
    try {
      const told: unknown = this.#onInternalError?.(place, error);
      if (told instanceof Promise) told.catch(() => undefined);
    } catch {
      // Whoever reports errors failed itself; there is nobody left to tell, and the count has it.
    }
  }

  /**
   * Lets the open traces end, then closes the sinks; waits at most the configured time for each of the two. Further
   * traces record nothing. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain().then(() => this.#closeSinks());
    return this.#closing;
  }

  /** Puts off what has ended to the end of the turn of the event loop. */
  putOff(letter: Letter, things?: number): void {
    this.#outbox.add(letter, things);
  }

  /** Hands on at once what was put off. */
  deliver(): void {
    this.#outbox.empty();
  }

  /** An ended stage reaches the statistics and the sinks that want every stage. */
  measure(definition: StageDefinition, stage: StageExecution, trace: Trace): void {
    this.#statistics.recordOf(definition, stage);
    this.measured.record(stage, trace);
  }

  /** A kept trace that has ended reaches the history. */
  keep(trace: Trace, root: StageExecution): void {
    this.attempt('history', () => {
      this.#history.add(trace, root);
    });
  }

  /** What is still open at the deadline goes on; its stages reach sinks that have been closed. */
  async #drain(): Promise<void> {
    if (this.#open.count === 0) return;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    await this.#inTime(drained, () => {});
  }

  async #closeSinks(): Promise<void> {
    this.deliver();
    await this.#inTime(Promise.all([this.measured.close(), this.kept.close()]), () => {
      this.reportInternalError('close', new Error(`sinks did not close within ${this.#closeTimeoutMs} ms`));
    });
  }

  async #inTime(work: Promise<unknown>, onTimeout: () => void): Promise<void> {
    const { promise: deadline, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      onTimeout();
      resolve(undefined);
    }, this.#closeTimeoutMs);
    await Promise.race([work, deadline]);
    clearTimeout(timer);
  }
}

/** @throws RangeError when it is not a number from 0 to an hour; a timer takes what is longer than 24 days as 1 ms. */
function timeOf(name: string, given: number | undefined, byDefault: number): number {
  const value = given ?? byDefault;
  if (Number.isFinite(value) && value >= 0 && value <= 3_600_000) return value;
  throw new RangeError(`${name} must be a number from 0 to 3,600,000, got ${String(value)}`);
}
