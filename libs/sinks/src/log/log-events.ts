import type { KeptBecause, Outcome, StreamEnding } from '@followspot/core';

/** What any line may say beside the fields of its event. */
export interface LineDetails {
  /** Default: that of the running trace. Where a client has left there may be none, and it has to be given. */
  readonly traceId?: string | undefined;
  /** Written where it is another one than the trace id. Default: that of the running trace. */
  readonly threadId?: string | undefined;
  /** The id of the stage that the line is about. */
  readonly stage?: string | undefined;
  /** How it went. Default: not written. */
  readonly outcome?: Outcome | undefined;
  /** The class of the error that it failed with. */
  readonly errorType?: string | undefined;
  /** Anything else, in one field of its own; redacted and within bounds like everything. */
  readonly attributes?: object | undefined;
}

/** A request that has ended. */
export interface RequestMetrics extends LineDetails {
  readonly method: string;
  /** The route template, not the path. */
  readonly route: string;
  /** Left out where nothing was answered. */
  readonly statusCode?: number | undefined;
  /** Milliseconds from its arrival to the end of the answer. */
  readonly latencyMs: number;
  /** Why its trace was kept. */
  readonly keptBecause?: KeptBecause | undefined;
}

/** A stream that has ended. */
export interface SseMetrics extends LineDetails {
  readonly route?: string | undefined;
  /** Milliseconds from the call of the handler to the end of the stream. */
  readonly durationMs: number;
  /** Messages that were only a comment. */
  readonly heartbeats: number;
  /** Messages of the handler, heartbeats apart; chunks in the reference. */
  readonly events: number;
  /** How it ended; left out where it was refused before it began. */
  readonly ending?: StreamEnding | undefined;
  /** Milliseconds from the arrival of the request to the first event. */
  readonly timeToFirstEventMs?: number | undefined;
  /** Gaps between events that were too long. */
  readonly stalls?: number | undefined;
  /** Text of the stream handed to the response. */
  readonly bytes?: number | undefined;
}

/** A call of a provider, such as a language model. */
export interface ProviderMetrics extends LineDetails {
  readonly provider: string;
  readonly model?: string | undefined;
  /** Milliseconds to the end of its answer. */
  readonly latencyMs: number;
  /** False when it failed; to be cancelled is not to fail. */
  readonly success: boolean;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** What the tokens cost, in the currency of the application's price table. */
  readonly tokenCost?: number | undefined;
  /** What the call cost beside its tokens, in the same currency. */
  readonly apiCost?: number | undefined;
}

/** A look-up in a cache. */
export interface CacheMetrics extends LineDetails {
  /** Which cache, such as `l1`. */
  readonly cache: string;
  readonly hit: boolean;
  readonly latencyMs: number;
}

/** What is known of an error beside its type and message. */
export interface ErrorDetails extends LineDetails {
  /** What it was caused by: an error with its own chain of causes, or anything else that was thrown. */
  readonly cause?: unknown;
  /** The same, already described: each cause as `Type: message`, nearest first. */
  readonly causes?: readonly string[] | undefined;
  /** The HTTP status that the error carries. */
  readonly status?: number | undefined;
  /** `warn` for what somebody else has to put right, such as a client's mistake. Default `error`. */
  readonly level?: 'warn' | 'error' | undefined;
}
