import { increasePer, quantilePer, ratePer, share } from '../monitoring/promql.ts';
import { counter } from './proof.ts';
import type { Alert, RecordingRule } from './rule.ts';

const ROUTE = ['job', 'route'];
const SEARCH = 'job="gateway",route="/search"';
const LEFT = 'sse_connections_closed_total{ending="client_disconnect"}';

export const STREAM_RECORDS: readonly RecordingRule[] = [
  {
    record: 'job_route:sse_abandoned:ratio_rate15m',
    expr: share(ratePer(ROUTE, LEFT, '15m'), ratePer(ROUTE, 'sse_connections_closed_total', '15m')),
  },
];

export const STREAM_ALERTS: readonly Alert[] = [
  {
    name: 'SlowFirstEvent',
    expr: [
      `${quantilePer(ROUTE, 0.95, 'sse_time_to_first_event_seconds', '10m')} > 5`,
      `and ${increasePer(ROUTE, 'sse_time_to_first_event_seconds_count', '10m')} >= 20`,
    ].join('\n'),
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $labels.job }} {{ $labels.route }}: one stream in twenty waits {{ $value | humanizeDuration }} or longer for its first event (10m)',
    description:
      'People see an empty page that long. Compare Stage Duration with an hour ago: cache, retrieval and the time a model takes to its first token come before the first event.',
    runbook: 'SlowFirstEvent',
    proof: {
      series: [
        counter(`sse_time_to_first_event_seconds_bucket{${SEARCH},le="5"}`, [60, 0], [30, 60]),
        counter(`sse_time_to_first_event_seconds_bucket{${SEARCH},le="10"}`, [90, 60]),
        counter(`sse_time_to_first_event_seconds_bucket{${SEARCH},le="+Inf"}`, [90, 60]),
        counter(`sse_time_to_first_event_seconds_count{${SEARCH}}`, [90, 60]),
      ],
      firesAt: 40,
      labels: { job: 'gateway', route: '/search' },
      summary: 'gateway /search: one stream in twenty waits 9.75s or longer for its first event (10m)',
      resolvedAt: 80,
    },
  },
  {
    name: 'StreamsStall',
    expr: [
      `${share(ratePer(ROUTE, 'sse_stalls_total', '10m'), ratePer(ROUTE, 'sse_connections_total', '10m'))} > 0.2`,
      `and ${increasePer(ROUTE, 'sse_stalls_total', '10m')} >= 10`,
    ].join('\n'),
    for: '10m',
    severity: 'warning',
    summary:
      '{{ $labels.job }} {{ $labels.route }}: {{ $value | humanizePercentage }} as many stalls as streams (10m)',
    description:
      'Answers stand still in the middle. Open a trace of the route: stalledDuring names the stage that was running. A provider: see Provider Latency. Nothing pending: our own code; pending bytes: clients that read slowly.',
    runbook: 'StreamsStall',
    proof: {
      series: [
        counter(`sse_connections_total{${SEARCH}}`, [90, 60]),
        counter(`sse_stalls_total{${SEARCH}}`, [60, 30], [30, 0]),
      ],
      firesAt: 40,
      labels: { job: 'gateway', route: '/search' },
      summary: 'gateway /search: 50% as many stalls as streams (10m)',
      resolvedAt: 80,
    },
  },
  {
    name: 'StreamsAbandoned',
    // Where clients leave by design (a feed that never ends), nearly all do, every day: only a change tells something.
    expr: [
      'job_route:sse_abandoned:ratio_rate15m > 0.3',
      'and job_route:sse_abandoned:ratio_rate15m > 1.5 * avg_over_time(job_route:sse_abandoned:ratio_rate15m[1d])',
      `and ${increasePer(ROUTE, LEFT, '15m')} >= 10`,
    ].join('\n'),
    for: '15m',
    severity: 'warning',
    summary:
      '{{ $labels.job }} {{ $labels.route }}: {{ $value | humanizePercentage }} of clients leave before the end, many more than on the last day',
    description:
      'Most leave because they wait: look at Time to First Event and Stalls first. If both are as usual, look at what the answers say, and at a new client or proxy with a shorter time-out. Abort Lag tells what the work for nobody costs.',
    runbook: 'StreamsAbandoned',
    proof: {
      series: [
        counter(
          `sse_connections_closed_total{${SEARCH},ending="completed"}`,
          [1_440, 95],
          [90, 40],
          [60, 95],
        ),
        counter(
          `sse_connections_closed_total{${SEARCH},ending="client_disconnect"}`,
          [1_440, 5],
          [90, 60],
          [60, 5],
        ),
        // A feed: everybody leaves, all day long.
        counter(
          'sse_connections_closed_total{job="gateway",route="/feed",ending="client_disconnect"}',
          [1_590, 20],
        ),
      ],
      firesAt: 1_500,
      labels: { job: 'gateway', route: '/search' },
      summary: 'gateway /search: 60% of clients leave before the end, many more than on the last day',
      resolvedAt: 1_590,
    },
  },
];
