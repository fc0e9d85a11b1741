import type { KeptBecause, StageExecution, StageKind } from '../stage/stage-execution.js';

/** Which trace a stage belongs to, as sinks see it. */
export interface TraceIdentity {
  readonly traceId: string;
  readonly threadId: string;
  /** Undefined as long as nothing has decided to keep the trace. */
  readonly keptBecause: KeptBecause | undefined;
  /** The template of the route of a request, once it is known, or `unmatched`. Undefined of anything else. */
  readonly route?: string | undefined;
  /** Whether nobody waits for its result any longer: what is running was abandoned. */
  readonly isAborted?: boolean;
}

/** What is known of a stage when it starts. */
export type StageStart = Pick<
  StageExecution,
  'stageId' | 'stageName' | 'kind' | 'startedAt' | 'attributes' | 'metadata'
>;

/** What is told of a stage that is counted and not recorded. */
export interface CountedStage extends Pick<StageExecution, 'stageId' | 'kind' | 'outcome' | 'durationMs'> {
  /** Epoch milliseconds. */
  readonly endedAt: number;
}

/** Counts one execution. The object is used again for the next one: what is to be kept of it has to be copied. */
export type StageCounter = (stage: CountedStage) => void;

/**
 * Whatever receives ended stages. A sink may throw, reject or hang: it is isolated, the error is counted and reported
 * once, and business code never sees it. Methods are called when the turn of the event loop is over in which something
 * ended, outside of every request's context, and keep the event loop: what is slow belongs behind a queue of the sink's
 * own. Tracked methods that a sink calls are not recorded.
 */
export interface Sink {
  /** Names the sink in error reports. */
  readonly name: string;
  /**
   * `kept` (default): the stages of kept traces; those of a rescued trace arrive together when it ends.
   * `all`: every stage, in the turn in which it ends, whether its trace is kept or not; also where nothing is rescued.
   */
  readonly scope?: 'kept' | 'all';
  /** Called when a stage of a trace has started that is kept, as far as that was decided when it started. */
  started?(stage: StageStart, trace: TraceIdentity): void;
  /**
   * Whether a stage of this kind that starts now is to be told to {@link started}. Asked in the request, for every stage
   * that may be kept. Default true.
   */
  wantsStart?(kind: StageKind): boolean;
  /** Called exactly once for every ended stage in the sink's scope. */
  record(stage: StageExecution, trace: TraceIdentity): void;
  /**
   * For a sink of scope `all` that needs no more of a plain stage than {@link CountedStage} says: what counts the
   * executions of one stage id. Asked once for each, and may be asked again.
   *
   * Where all sinks of that scope have this method and nothing is rescued, a trace that the sampler leaves out is counted
   * and not recorded: its stages of kind `internal` and `retrieval` that are finished when the method returns, or when the
   * promise settles that it returned, are told to the counter and never to `record`. All others (a stage with a stream, of
   * another kind, that declares `attributes`, or whose promise has not settled when the trace ends or is aborted) are
   * recorded as ever. Where something is rescued, a trace is recorded; of one that nothing has decided to keep when they
   * are handed on, stages of these kinds that ended with `ok` and without attributes are told to the counter, too.
   */
  counterOf?(stageId: string, kind: StageKind): StageCounter;
  /** Sends what is queued and refuses further stages. Called once; given up after the deadline of the recorder. */
  close?(): void | Promise<void>;
}
