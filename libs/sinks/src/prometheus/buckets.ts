import { GEN_AI_SECONDS } from '../gen-ai-names.js';

/** Upper bounds of a histogram, and the labels that say so. */
export interface Buckets {
  /** In the unit that is recorded, ascending. */
  readonly bounds: Float64Array;
  /** Recorded units in one unit of the metric: 1,000 where milliseconds are shown as seconds. */
  readonly unit: number;
  readonly labels: readonly { readonly le: number | string }[];
}

/** @param bounds In the unit of the metric. */
export function bucketsOf(unit: number, bounds: readonly number[]): Buckets {
  return {
    bounds: Float64Array.from(bounds, (bound) => bound * unit),
    unit,
    labels: [...bounds.map((le) => ({ le })), { le: '+Inf' }],
  };
}

const secondsFromMs = (...bounds: readonly number[]): Buckets => bucketsOf(1_000, bounds);

/** Those of OpenTelemetry's `http.server.request.duration`. */
export const REQUEST_BUCKETS = secondsFromMs(
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
);

/** Up to 20 minutes. */
export const STREAM_BUCKETS = secondsFromMs(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_200);

export const FIRST_EVENT_BUCKETS = secondsFromMs(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30);

export const GAP_BUCKETS = secondsFromMs(
  0.001,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
);

export const ABORT_LAG_BUCKETS = secondsFromMs(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30);

/** Those of OpenTelemetry's `gen_ai.client.operation.duration`. */
export const PROVIDER_BUCKETS = bucketsOf(1_000, GEN_AI_SECONDS);

export const CACHE_BUCKETS = secondsFromMs(
  0.00001,
  0.00005,
  0.0001,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.5,
  1,
);

/** Milliseconds, because the name of the metric says so. */
export const STAGE_BUCKETS = bucketsOf(
  1,
  [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
);
