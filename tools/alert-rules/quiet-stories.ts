import { counter, gauge, type Series } from './proof.ts';
import { SLOS } from './slos.ts';

/** A time in which no alert may fire. */
export interface QuietStory {
  /** "nothing fires …" */
  readonly name: string;
  readonly minutes: number;
  readonly series: readonly Series[];
}

const HOUR = 60;
const DAY = 24 * HOUR;
const SEARCH = 'job="gateway",route="/search"';
const OPENAI = 'job="gateway",provider="openai",model="gpt"';
const L1 = 'job="gateway",cache="l1"';

export const QUIET_STORIES: readonly QuietStory[] = [
  {
    name: 'without any series',
    minutes: HOUR,
    series: [gauge('up{job="gateway",instance="a:3000"}', [HOUR, 1])],
  },
  {
    name: 'without any traffic',
    minutes: DAY,
    series: [
      ...SLOS.flatMap(({ example }) => example([[DAY, 0]], [[DAY, 0]])),
      gauge(`sse_stalls_total{${SEARCH}}`, [DAY, 3]),
      gauge(`sse_connections_total{${SEARCH}}`, [DAY, 10]),
      gauge(`provider_requests_total{${OPENAI}}`, [DAY, 10]),
      gauge(`provider_errors_total{${OPENAI}}`, [DAY, 10]),
      gauge(`cache_hits_total{${L1}}`, [DAY, 10]),
      gauge(`cache_misses_total{${L1}}`, [DAY, 10]),
      gauge(`token_cost_total{${OPENAI},currency="USD"}`, [DAY, 10]),
      gauge(`provider_tokens_total{${OPENAI},direction="output"}`, [DAY, 50_000]),
      gauge(`provider_abandoned_total{${OPENAI},route="/search"}`, [DAY, 10]),
      gauge(`provider_abandoned_tokens_total{${OPENAI},route="/search"}`, [DAY, 40_000]),
      gauge(`provider_unstopped_total{${OPENAI}}`, [DAY, 10]),
      gauge('provider_budget{job="gateway",currency="USD"}', [DAY, 100]),
      gauge('provider_budget_remaining{job="gateway",currency="USD"}', [DAY, 0]),
      gauge('followspot_dropped_total{job="gateway",what="labelValues"}', [DAY, 10]),
      gauge('followspot_internal_errors_total{job="gateway"}', [DAY, 2]),
    ],
  },
  { name: 'at one bad event an hour, for hours', minutes: 3 * HOUR, series: oneBadEventAnHour(3) },
  { name: 'at one bad event an hour, for days', minutes: 3 * DAY, series: oneBadEventAnHour(72) },
  {
    name: 'at the busiest of days, with as many bad events as promised',
    minutes: DAY,
    series: [
      ...SLOS.flatMap(({ example, objective }) =>
        example([[DAY, 10_000]], [[DAY, Math.floor(9_000 * (1 - objective))]]),
      ),
      counter(`http_request_duration_seconds_bucket{${SEARCH},method="GET",status_class="2xx",le="1"}`, [
        DAY,
        9_800,
      ]),
    ],
  },
];

/** And nothing else: by its share of the traffic each is a catastrophe. */
function oneBadEventAnHour(hours: number): Series[] {
  const minutes = hours * HOUR;
  const hourly = (series: string, amount = 1): Series =>
    counter(
      series,
      ...Array.from({ length: hours }, () => [[55, 0] as const, [5, amount / 5] as const]).flat(),
    );
  const histogram = (name: string, ...missedBounds: readonly string[]): Series[] => [
    hourly(`${name}_count{${SEARCH}}`),
    hourly(`${name}_bucket{${SEARCH},le="+Inf"}`),
    ...missedBounds.map((le) => gauge(`${name}_bucket{${SEARCH},le="${le}"}`, [minutes, 0])),
  ];
  return [
    hourly(`http_requests_total{${SEARCH},method="GET",status_class="5xx"}`),
    hourly(`http_errors_total{${SEARCH},method="GET"}`),
    ...histogram('http_request_duration_seconds', '1', '2.5'),
    ...histogram('sse_time_to_first_event_seconds', '5', '10'),
    hourly(`sse_connections_total{${SEARCH}}`),
    hourly(`sse_connections_closed_total{${SEARCH},ending="server_error"}`),
    hourly(`sse_connections_closed_total{${SEARCH},ending="client_disconnect"}`),
    hourly(`sse_stalls_total{${SEARCH}}`),
    hourly(`provider_requests_total{${OPENAI}}`),
    hourly(`provider_errors_total{${OPENAI}}`),
    // Every tenth look-up was a hit until now.
    counter(`cache_hits_total{${L1}}`, [minutes - HOUR, 0.02], [HOUR, 0]),
    counter(`cache_misses_total{${L1}}`, [minutes, 0.05]),
    counter(`token_cost_total{${OPENAI},currency="USD"}`, [minutes - HOUR, 0.0001], [HOUR, 0.01]),
    hourly(`provider_abandoned_total{${OPENAI},route="/search"}`),
    hourly(`provider_unstopped_total{${OPENAI}}`),
    // All of a long answer.
    hourly(`provider_tokens_total{${OPENAI},direction="output"}`, 4_000),
    hourly(`provider_abandoned_tokens_total{${OPENAI},route="/search"}`, 4_000),
  ];
}
