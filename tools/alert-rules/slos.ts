import { upTo } from '../monitoring/promql.ts';
import { counter, type Phase, type Series } from './proof.ts';

/** Counts the events that a selector selects, per job: `sum by (job) (rate(selector[5m]))` and the like. */
type Count = (selector: string) => string;

/** What users may expect. Recording rules, alerts and their tests are made from this list alone. */
export interface Slo {
  /** Lower case and hyphens; the value of the label `slo`. */
  readonly name: string;
  /** The promise in a person's words. */
  readonly promise: string;
  /** The share of events that keep it, below 1. What is missing to 1 is the error budget. */
  readonly objective: number;
  /** What breaks it, in a summary: "12 % of … ". */
  readonly broken: string;
  readonly advice: string;
  /** The events that broke the promise; what is not a sum goes in parentheses. */
  readonly bad: (count: Count) => string;
  /** All events. */
  readonly all: (count: Count) => string;
  /** The series of one service, for tests. */
  readonly example: (all: readonly Phase[], bad: readonly Phase[]) => readonly Series[];
}

const SLOW_SECONDS = 2.5;
const FIRST_EVENT_SECONDS = 5;
const BROKEN_ENDINGS = 'server_error|upstream_error|timeout';

const AT = 'job="gateway",route="/search"';

/** Counters that differ, phase by phase. */
const minus = (all: readonly Phase[], bad: readonly Phase[]): Phase[] =>
  all.map(([minutes, perMinute], index) => [minutes, perMinute - (bad[index]?.[1] ?? 0)]);

const histogram =
  (name: string, labels: string, bound: string) => (all: readonly Phase[], bad: readonly Phase[]) => [
    counter(`${name}_count{${labels}}`, ...all),
    counter(`${name}_bucket{${labels},le="${bound}"}`, ...minus(all, bad)),
    counter(`${name}_bucket{${labels},le="+Inf"}`, ...all),
  ];

export const SLOS: readonly Slo[] = [
  {
    name: 'availability',
    promise: '99.5 % of requests do not fail; a stream that fails after its 200 has failed',
    objective: 0.995,
    broken: 'of requests fail',
    advice: 'Look at Error Rate by Endpoint for the route, then open one of its failed traces.',
    bad: (count) => count('http_errors_total'),
    all: (count) => count('http_requests_total'),
    example: (all, bad) => [
      counter(`http_requests_total{${AT},method="GET",status_class="2xx"}`, ...all),
      counter(`http_errors_total{${AT},method="GET"}`, ...bad),
    ],
  },
  {
    name: 'latency',
    promise: `99 % of requests that are not streams are answered within ${SLOW_SECONDS} s`,
    objective: 0.99,
    broken: `of requests take longer than ${SLOW_SECONDS} s`,
    advice: 'Look at P50/P95 Latency, follow an exemplar to its trace, and see which stage took the time.',
    bad: (count) =>
      `(${count('http_request_duration_seconds_count')} - ${count(`http_request_duration_seconds_bucket{${upTo(SLOW_SECONDS)}}`)})`,
    all: (count) => count('http_request_duration_seconds_count'),
    example: histogram(
      'http_request_duration_seconds',
      `${AT},method="GET",status_class="2xx"`,
      `${SLOW_SECONDS}`,
    ),
  },
  {
    name: 'first-event',
    promise: `95 % of streams send their first event within ${FIRST_EVENT_SECONDS} s`,
    objective: 0.95,
    broken: `of streams take longer than ${FIRST_EVENT_SECONDS} s to their first event`,
    advice:
      'Look at Stage Duration: what runs before the first event (cache, retrieval, the model) has become slow.',
    bad: (count) =>
      `(${count('sse_time_to_first_event_seconds_count')} - ${count(`sse_time_to_first_event_seconds_bucket{${upTo(FIRST_EVENT_SECONDS)}}`)})`,
    all: (count) => count('sse_time_to_first_event_seconds_count'),
    example: histogram('sse_time_to_first_event_seconds', AT, `${FIRST_EVENT_SECONDS}`),
  },
  {
    name: 'streams',
    promise: '99 % of streams are not broken off by the server or by what it depends on',
    objective: 0.99,
    broken: 'of streams are broken off by the server',
    advice:
      'Look at Stream Endings: upstream_error is the provider, server_error is our own code, timeout is a limit.',
    bad: (count) => count(`sse_connections_closed_total{ending=~"${BROKEN_ENDINGS}"}`),
    all: (count) => count('sse_connections_closed_total'),
    example: (all, bad) => [
      counter(`sse_connections_closed_total{${AT},ending="completed"}`, ...minus(all, bad)),
      counter(`sse_connections_closed_total{${AT},ending="server_error"}`, ...bad),
    ],
  },
];
