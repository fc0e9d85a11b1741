import type { IncomingMessage } from 'node:http';
import type { Clock, Limits, RescueRules, Sink } from '@followspot/core';
import type { LogOptions } from '../logging/log-options.js';
import type { MetricsOptions } from './metrics-options.js';
import type { ProviderOptions } from '../provider/provider-options.js';

/** Options of `ObservabilityModule.forRoot`; every one has a default, and together they may be left out. */
export interface ObservabilityOptions {
  /**
   * False turns every stage into a plain call; trace ids still travel. Default: the environment variable
   * `EXECUTION_TRACKING_ENABLED`, otherwise true.
   */
  readonly enabled?: boolean;
  /**
   * Share of the traces to keep, 0.0 to 1.0, decided from the thread id alone. Default: the environment variable
   * `EXECUTION_TRACKING_SAMPLE_RATE`, otherwise 0.1.
   */
  readonly sampleRate?: number;
  /**
   * Which traces outside the sample are kept all the same. Default: those that failed, were abandoned, or took longer
   * than a second to answer. With false a sampled-out request records nothing, except for sinks
   * of scope `all`.
   */
  readonly rescue?: boolean | Partial<RescueRules>;
  /** Keeps the trace of a request for which this returns true. Default: none. Do not trust a public header alone. */
  readonly force?: (request: IncomingMessage) => boolean;
  /**
   * The thread id of a request, by which it is sampled and looked up. Default, and where this returns undefined or
   * something that does not match `^[A-Za-z0-9._-]{1,128}$`: the trace id.
   */
  readonly threadId?: (request: IncomingMessage) => string | undefined;
  /** Write a line for each event of the traces that are kept, see `docs/logging.md`; false for none. Default true. */
  readonly log?: boolean | LogOptions;
  /** Receive ended stages, beside history, statistics and log. Default none. */
  readonly sinks?: readonly Sink[];
  /** Bounds of what is kept in memory, see `Limits`. */
  readonly limits?: Partial<Limits>;
  /** When a silence between two events of an `@Sse` answer counts as a stall: it must exceed both. */
  readonly stream?: {
    /** Multiple of the median of the stream's earlier gaps, at least 1. Default 5. */
    readonly stallFactor?: number;
    /** Milliseconds, at least 0. Default 500. */
    readonly stallFloorMs?: number;
  };
  /**
   * Calls to providers: prices of your own, what may be recorded. With this option, even empty, price table and
   * tokenizer are loaded at the start, otherwise when the first provider stage starts.
   */
  readonly provider?: ProviderOptions;
  /**
   * Milliseconds that stages have to stop by themselves once the client of their request has left, before they are
   * closed as cancelled: 0 to an hour. Default 500.
   */
  readonly abortGraceMs?: number;
  /** Prometheus metrics and where to find them. Default: on where prom-client is installed, at `/metrics`. */
  readonly metrics?: MetricsOptions;
  /** Milliseconds that shutdown waits for open traces to end, and again for the sinks to close. Default 1,000. */
  readonly closeTimeoutMs?: number;
  /** For tests. Default: the system's clocks. */
  readonly clock?: Clock;
}
