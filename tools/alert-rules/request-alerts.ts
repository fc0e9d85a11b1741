import { increasePer, quantilePer, ratePer, share } from '../monitoring/promql.ts';
import { counter, gauge } from './proof.ts';
import type { Alert } from './rule.ts';

const ROUTE = ['job', 'route'];
const SEARCH = 'job="gateway",route="/search"';
const TRACES = 'job="gateway",route="/traces/:threadId",method="GET",status_class="2xx"';

export const REQUEST_ALERTS: readonly Alert[] = [
  {
    name: 'HighErrorRate',
    expr: [
      `${share(ratePer(ROUTE, 'http_errors_total', '5m'), ratePer(ROUTE, 'http_requests_total', '5m'))} > 0.05`,
      `and ${increasePer(ROUTE, 'http_errors_total', '5m')} >= 5`,
    ].join('\n'),
    for: '2m',
    severity: 'critical',
    summary: '{{ $labels.job }} {{ $labels.route }}: {{ $value | humanizePercentage }} of requests fail (5m)',
    description:
      'Open Error Rate by Endpoint and Stage Failures: the stage that fails names the part. Then read one failed trace; failed ones are always kept. If it began at a deployment mark, roll back first.',
    runbook: 'HighErrorRate',
    proof: {
      series: [
        counter(`http_requests_total{${SEARCH},method="GET",status_class="2xx"}`, [20, 90], [20, 100]),
        counter(`http_requests_total{${SEARCH},method="GET",status_class="5xx"}`, [20, 10], [20, 0]),
        counter(`http_errors_total{${SEARCH},method="GET"}`, [20, 10], [20, 0]),
      ],
      firesAt: 15,
      labels: { job: 'gateway', route: '/search' },
      summary: 'gateway /search: 10% of requests fail (5m)',
      resolvedAt: 30,
    },
  },
  {
    name: 'SlowRequests',
    expr: [
      `${quantilePer(ROUTE, 0.95, 'http_request_duration_seconds', '10m')} > 1`,
      `and ${increasePer(ROUTE, 'http_request_duration_seconds_count', '10m')} >= 20`,
    ].join('\n'),
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.job }} {{ $labels.route }}: p95 is {{ $value | humanizeDuration }} (10m)',
    description:
      'Open P50/P95 Latency and follow an exemplar to its trace, or compare Stage Duration with an hour ago: the stage that grew is the cause. If none grew, look at the event loop and at the CPU.',
    runbook: 'SlowRequests',
    proof: {
      series: [
        counter(`http_request_duration_seconds_bucket{${TRACES},le="1"}`, [60, 0], [30, 60]),
        counter(`http_request_duration_seconds_bucket{${TRACES},le="2.5"}`, [90, 60]),
        counter(`http_request_duration_seconds_bucket{${TRACES},le="+Inf"}`, [90, 60]),
        counter(`http_request_duration_seconds_count{${TRACES}}`, [90, 60]),
      ],
      firesAt: 40,
      labels: { job: 'gateway', route: '/traces/:threadId' },
      // The quantile is interpolated between 1 s and 2.5 s.
      summary: 'gateway /traces/:threadId: p95 is 2.425s (10m)',
      resolvedAt: 80,
    },
  },
  {
    name: 'ServiceDown',
    // Only what once was a service of ours: other exporters on the same Prometheus are not our business.
    expr: 'up == 0\nand on (job, instance) last_over_time(followspot_series[1d]) > 0',
    for: '2m',
    severity: 'critical',
    summary: '{{ $labels.job }} {{ $labels.instance }}: Prometheus cannot scrape it',
    description:
      'Ask the process itself: GET /metrics/health. No answer: look at its last log lines and restart it. An answer: Prometheus and the service do not reach each other, see Status / Targets for the reason.',
    runbook: 'ServiceDown',
    proof: {
      series: [
        gauge('up{job="gateway",instance="a:3000"}', [10, 1], [10, 0], [20, 1]),
        gauge('followspot_series{job="gateway",instance="a:3000"}', [10, 120], [10, undefined], [20, 120]),
        // Down too, and not ours.
        gauge('up{job="node",instance="a:9100"}', [40, 0]),
      ],
      firesAt: 15,
      labels: { job: 'gateway', instance: 'a:3000' },
      summary: 'gateway a:3000: Prometheus cannot scrape it',
      resolvedAt: 25,
    },
  },
  {
    name: 'RecordsDropped',
    expr: 'sum by (job, what) (increase(followspot_dropped_total[15m])) > 0',
    for: '5m',
    severity: 'info',
    summary: '{{ $labels.job }}: {{ $value | humanize }} {{ $labels.what }} dropped (15m)',
    description:
      'A bound of Followspot was reached: requests are fine, what is known of them has gaps. Find the bound by its name, then raise the limit or find out why there is so much of it.',
    runbook: 'RecordsDropped',
    proof: {
      series: [
        counter('followspot_dropped_total{job="gateway",what="labelValues"}', [10, 0], [20, 3], [40, 0]),
      ],
      firesAt: 30,
      labels: { job: 'gateway', what: 'labelValues' },
      summary: 'gateway: 45 labelValues dropped (15m)',
      resolvedAt: 60,
    },
  },
  {
    name: 'InternalErrors',
    expr: 'sum by (job) (increase(followspot_internal_errors_total[15m])) > 0',
    for: '5m',
    severity: 'warning',
    summary: '{{ $labels.job }}: {{ $value | humanize }} errors inside Followspot (15m)',
    description:
      'A sink or a callback option throws. Requests are fine. Each place is reported once per process in the log, by the logger Followspot: read it there and correct the sink or the callback.',
    runbook: 'InternalErrors',
    proof: {
      series: [counter('followspot_internal_errors_total{job="gateway"}', [10, 0], [20, 2], [40, 0])],
      firesAt: 30,
      labels: { job: 'gateway' },
      summary: 'gateway: 30 errors inside Followspot (15m)',
      resolvedAt: 60,
    },
  },
];
