/** A metric as Prometheus is told of it. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

const counter = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'counter', labels, help });
const gauge = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'gauge', labels, help });
const histogram = (help: string, ...labels: string[]): MetricDefinition => ({
  type: 'histogram',
  labels,
  help,
});

const WINDOW = 'in the last 5 minutes';

/** Every metric of the sink, in the order of the scrape; `docs/metrics.md` is checked against it. */
export const METRICS = {
  http_requests_total: counter(
    'Requests that have ended, streams included.',
    'method',
    'route',
    'status_class',
  ),
  http_errors_total: counter(
    'Requests that failed: answered 5xx, or a stream that failed after its 200.',
    'method',
    'route',
  ),
  http_error_rate: gauge(`Share of the requests that failed ${WINDOW}, 0 to 1.`),
  http_request_duration_p50_ms: gauge(
    `Median of request durations ${WINDOW} in milliseconds, streams left out.`,
    'route',
  ),
  http_request_duration_p95_ms: gauge(
    `95th percentile of request durations ${WINDOW} in milliseconds, streams left out.`,
    'route',
  ),
  http_request_duration_seconds: histogram(
    'Durations of requests in seconds, streams left out.',
    'method',
    'route',
    'status_class',
  ),
  http_requests_in_flight: gauge('Requests that are being answered, streams included.'),

  sse_connections_total: counter('Streams that were begun, those included that were then refused.', 'route'),
  sse_connections_active: gauge('Streams that are open.', 'route'),
  sse_connections_closed_total: counter('Streams that have ended, by how they ended.', 'route', 'ending'),
  sse_events_total: counter('Events of streams that have ended, heartbeats apart.', 'route'),
  sse_heartbeats_total: counter('Heartbeats of streams that have ended.', 'route'),
  sse_stalls_total: counter('Stalls of streams that have ended.', 'route'),
  sse_stream_bytes_total: counter('Bytes of streams that have ended, as handed to the response.', 'route'),
  sse_duration_p50_ms: gauge(`Median of stream durations ${WINDOW} in milliseconds.`, 'route'),
  sse_duration_p95_ms: gauge(`95th percentile of stream durations ${WINDOW} in milliseconds.`, 'route'),
  sse_stream_duration_seconds: histogram('Durations of streams in seconds.', 'route', 'ending'),
  sse_time_to_first_event_seconds: histogram(
    'Time from the arrival of a request to the first event of its stream, in seconds.',
    'route',
  ),
  sse_event_gap_seconds: histogram(
    'Every gap between two events of a stream in seconds, also while the stream is open.',
    'route',
  ),
  sse_abort_lag_seconds: histogram(
    'Time from the leaving of a client to the end of the last stage behind its stream, in seconds.',
    'route',
  ),

  provider_requests_total: counter('Calls of providers.', 'provider', 'model'),
  provider_errors_total: counter('Calls of providers that failed.', 'provider', 'model'),
  provider_latency_p50_ms: gauge(`Median of provider call durations ${WINDOW} in milliseconds.`, 'provider'),
  provider_latency_p95_ms: gauge(
    `95th percentile of provider call durations ${WINDOW} in milliseconds.`,
    'provider',
  ),
  provider_request_duration_seconds: histogram(
    'Durations of provider calls in seconds, to the end of a streamed answer.',
    'provider',
    'model',
  ),
  provider_time_to_first_chunk_seconds: histogram(
    'Time from the call of a provider to the first content of its streamed answer, in seconds.',
    'provider',
    'model',
  ),
  provider_time_to_first_chunk_from_request_seconds: histogram(
    'Time from the arrival of the request to the first content of a streamed answer, in seconds.',
    'provider',
    'model',
  ),
  provider_aborted_before_first_chunk_total: counter(
    'Calls of providers that were given up before any content came; they have no time to it.',
    'provider',
    'model',
  ),
  provider_tokens_total: counter(
    'Tokens of provider calls, as far as they are known.',
    'provider',
    'model',
    'direction',
  ),
  provider_token_parts_total: counter(
    'Of these tokens, those that were read from a cache of the provider and those of reasoning.',
    'provider',
    'model',
    'part',
  ),
  provider_usage_total: counter(
    'Calls of providers, by where their numbers of tokens are from.',
    'provider',
    'model',
    'usage_source',
  ),
  provider_unpriced_total: counter('Calls of providers whose cost is not known.', 'provider', 'model'),
  token_cost_total: counter('Cost of tokens, as far as it is known.', 'provider', 'model', 'currency'),
  api_cost_total: counter(
    'Cost of provider calls beside their tokens, as far as it is known.',
    'provider',
    'model',
    'currency',
  ),
  provider_abandoned_total: counter(
    'Calls of providers that were running when nobody waited for them any longer.',
    'provider',
    'model',
    'route',
  ),
  provider_abandoned_tokens_total: counter(
    'Output tokens of abandoned calls, as far as they are known.',
    'provider',
    'model',
    'route',
  ),
  provider_abandoned_cost_total: counter(
    'All that abandoned calls cost, as far as it is known.',
    'provider',
    'model',
    'route',
    'currency',
  ),
  provider_abort_lag_seconds: histogram(
    'Time from the leaving of a client to the end of a provider call that stopped by itself, in seconds.',
    'provider',
    'model',
  ),
  provider_unstopped_total: counter(
    'Abandoned calls of providers that did not stop within the grace time.',
    'provider',
    'model',
  ),
  provider_budget: gauge('What calls of providers may cost in a month.', 'currency'),
  provider_budget_remaining: gauge(
    'What is left of it in the running month, below 0 once it is passed.',
    'currency',
  ),

  cache_hits_total: counter('Look-ups that found something.', 'cache'),
  cache_misses_total: counter('Look-ups that found nothing.', 'cache'),
  cache_lookup_duration_seconds: histogram('Durations of cache look-ups in seconds.', 'cache', 'result'),
  cache_time_saved_seconds_total: counter(
    'Time that hits have saved, in seconds, as far as it is known.',
    'cache',
  ),
  cache_cost_saved_total: counter('Cost that hits have saved, as far as it is known.', 'cache', 'currency'),

  request_stage_duration_ms: histogram('Durations of stages in milliseconds.', 'stage'),
  request_stage_success_rate: gauge(`Share of the stages that did not fail ${WINDOW}, 0 to 1.`, 'stage'),
  request_stages_total: counter('Stages that have ended.', 'stage', 'outcome'),
  trace_requests_total: counter('Traces of requests that have ended, by why they were kept.', 'kept'),

  system_uptime_seconds: gauge('Seconds since the process was started.'),

  followspot_dropped_total: counter('What a bound of Followspot turned away, by what it was.', 'what'),
  followspot_internal_errors_total: counter('Errors inside Followspot, none of which reached a request.'),
  followspot_record_seconds_total: counter(
    'Time that this sink has spent on recording in seconds, estimated from one record in 128.',
  ),
  followspot_scrape_duration_seconds: gauge('Time that the latest scrape kept the process busy, in seconds.'),
  followspot_series: gauge('Time series of Followspot in the latest scrape.'),
} as const satisfies Record<string, MetricDefinition>;

/** The name of a metric of the sink. */
export type MetricName = keyof typeof METRICS;
