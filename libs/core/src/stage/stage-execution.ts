/**
 * What a stage is. A sink decides what to derive from it: a `cache` stage becomes hit counters, a `provider` stage
 * becomes latency and cost.
 */
export type StageKind = 'request' | 'stream' | 'internal' | 'cache' | 'retrieval' | 'provider';

/** Every {@link StageKind}, for validation at configuration time. */
export const STAGE_KINDS: readonly StageKind[] = [
  'request',
  'stream',
  'internal',
  'cache',
  'retrieval',
  'provider',
];

/** How a stage ended. A cancelled stage (the consumer left, the trace ended first) is not an error. */
export type Outcome = 'ok' | 'error' | 'cancelled';

/** What a stream says beyond its outcome; see `docs/glossary.md` for when each word is used. */
export type StreamEnding =
  | 'completed'
  | 'client_disconnect'
  | 'server_error'
  | 'upstream_error'
  | 'timeout'
  | 'slow_consumer'
  | 'shutdown';

/** A value that an attribute may have. Anything else is dropped and counted. */
export type AttributeValue = string | number | boolean;

/** What one execution found out: keys and values, possibly of high cardinality, never metric labels. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What is known of a stage where it is declared; one shared object for all its executions. */
export type Metadata = Readonly<Record<string, unknown>>;

/** The record of one stage, complete when the stage has ended. Sinks, summaries and statistics all read this. */
export interface StageExecution {
  /** From a closed set, for example `2.1_L1_CACHE_LOOKUP`. */
  readonly stageId: string;
  /** For people, for example `L1 Cache Lookup`. */
  readonly stageName: string;
  /** What the stage is, as it was declared. */
  readonly kind: StageKind;
  /** How it ended; `ok` while it is open. */
  readonly outcome: Outcome;
  /** False exactly when the outcome is `error`: a client that left did not make the stage fail. */
  readonly success: boolean;
  /** Milliseconds of the monotonic clock, three decimals. */
  readonly durationMs: number;
  /** `durationMs` less the time in which at least one substage was running; parallel substages count once. */
  readonly selfTimeMs: number;
  /** Epoch milliseconds, three decimals. All stages of a trace share one reading of the wall clock. */
  readonly startedAt: number;
  /** Only on streams. */
  readonly ending: StreamEnding | undefined;
  /** The error's class name; undefined unless the outcome is `error`. */
  readonly errorType: string | undefined;
  /** The error's message, cut to the limit `attributeLength`; undefined unless the outcome is `error`. */
  readonly errorMessage: string | undefined;
  /** The HTTP status that the error carries; undefined when it carries none. */
  readonly errorStatus?: number | undefined;
  /** What caused the error, nearest first, each as `Type: message`, at most five; undefined when nothing did. */
  readonly errorCauses?: readonly string[] | undefined;
  /** What this execution found out; within the limits `attributesPerStage` and `attributeLength`. */
  readonly attributes: Attributes;
  /** What was declared with the stage, the same for all its executions. */
  readonly metadata: Metadata;
  /** Stages that ran inside this one, in the order in which they started. */
  readonly substages: readonly StageExecution[];
  /** True only in the summary of a trace that is still running, on stages that are still open. */
  readonly running?: true;
}

/** Why a trace was kept: by the sampler, by force, or rescued because of how it went. */
export type KeptBecause = 'sampled' | 'forced' | 'failed' | 'slow' | 'abandoned';

/** One trace as people read it. */
export interface ExecutionSummary {
  /** What `X-Trace-ID` carries and log lines show. */
  readonly traceId: string;
  /** What sampling hashes and look-ups use; the trace id unless the application set another. */
  readonly threadId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Duration of the root stage in milliseconds; so far, if the trace is running. */
  readonly totalDurationMs: number;
  /** All stages of the tree, substages included. */
  readonly stageCount: number;
  /** Stages that were not recorded because of the limits `stagesPerTrace` and `stageDepth`. */
  readonly droppedStages: number;
  /** False exactly when the outcome is `error`. */
  readonly success: boolean;
  /** That of the root stage; `ok` while the trace is running. */
  readonly outcome: Outcome;
  /** Undefined while the trace is running and nothing has decided to keep it yet. */
  readonly keptBecause: KeptBecause | undefined;
  /** Whether the trace has not ended; stages that are open are then shown as far as they are. */
  readonly running: boolean;
  /** The stage trees, in the order in which they started; for a request one tree whose root is the request itself. */
  readonly stages: readonly StageExecution[];
}
