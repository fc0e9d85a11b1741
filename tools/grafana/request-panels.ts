import { share } from '../monitoring/promql.ts';
import { figure, graph, type PanelSource } from './panels.ts';
import { ofJob, ofRoute, perSecond, quantile } from './queries.ts';

const DURATION = ofRoute('http_request_duration_seconds');
const requests = (labels: readonly string[]): string => perSecond(labels, ofRoute('http_requests_total'));
const errors = (labels: readonly string[]): string => perSecond(labels, ofRoute('http_errors_total'));

export const REQUEST_PANELS: readonly PanelSource[] = [
  graph({
    title: 'Request Rate',
    description: 'Requests per second that have ended, streams too, and how many are being answered now.',
    unit: 'reqps',
    width: 8,
    queries: [
      { expr: requests(['job']), legend: '{{job}}' },
      {
        expr: `sum by (job) (${ofJob('http_requests_in_flight')})`,
        legend: '{{job}} in flight',
        unit: 'short',
      },
    ],
  }),
  graph({
    title: 'Error Rate',
    description:
      'The share of requests that failed: an answer of 500 and above, or a stream that failed after its 200. Clients that leave and 4xx are no errors.',
    unit: 'percentunit',
    width: 8,
    max: 1,
    thresholds: [0.01, 0.05],
    queries: [{ expr: share(errors(['job']), requests(['job'])), legend: '{{job}}' }],
  }),
  graph({
    title: 'P50/P95 Latency',
    description:
      'Half of the requests are answered within p50, nineteen of twenty within p95. Streams are kept out: they last as long as they have something to say. The dots are traces that were kept.',
    unit: 's',
    width: 8,
    thresholds: [0.5, 1],
    withExemplars: true,
    queries: [
      { expr: quantile(['job'], 0.5, DURATION), legend: '{{job}} p50' },
      { expr: quantile(['job'], 0.95, DURATION), legend: '{{job}} p95' },
    ],
  }),
  graph({
    title: 'Request Volume by Endpoint',
    description: 'Who asks for what, by route template; `unmatched` is what no route answered.',
    unit: 'reqps',
    width: 8,
    isStacked: true,
    queries: [{ expr: requests(['route']), legend: '{{route}}' }],
  }),
  graph({
    title: 'Error Rate by Endpoint',
    description:
      'The share of failed requests of each route: one route alone is its own code or what only it calls.',
    unit: 'percentunit',
    width: 8,
    max: 1,
    thresholds: [0.01, 0.05],
    queries: [{ expr: share(errors(['route']), requests(['route'])), legend: '{{route}}' }],
  }),
  figure({
    title: 'System Uptime',
    description:
      'Since when the process that started last has been running. Small after a deployment or a crash.',
    unit: 'dtdurations',
    width: 3,
    queries: [{ expr: `min by (job) (${ofJob('system_uptime_seconds')})`, legend: '{{job}}' }],
  }),
  graph({
    title: 'Trace Requests',
    description:
      'Coverage: the share of requests whose trace was kept, by the reason for keeping it. Metrics count all of them.',
    unit: 'percentunit',
    width: 5,
    isStacked: true,
    max: 1,
    queries: [
      {
        expr: `${perSecond(['kept'], ofJob('trace_requests_total', 'kept!="none"'))}\n/ on () group_left () sum(rate(${ofJob('trace_requests_total')}[$__rate_interval]))`,
        legend: '{{kept}}',
      },
    ],
  }),
];
