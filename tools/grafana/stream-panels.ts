import { share } from '../monitoring/promql.ts';
import { graph, type PanelSource } from './panels.ts';
import { ofRoute, perSecond, quantile } from './queries.ts';

const LEFT = ofRoute('sse_connections_closed_total', 'ending="client_disconnect"');

/** Two quantiles of a histogram of streams, by endpoint. */
const quantiles = (metric: string, ...qs: readonly number[]) =>
  qs.map((q) => ({ expr: quantile(['route'], q, ofRoute(metric)), legend: `{{route}} p${q * 100}` }));

export const STREAM_PANELS: readonly PanelSource[] = [
  graph({
    title: 'SSE Connections',
    description: 'Streams that are open now, and streams opened per second.',
    unit: 'short',
    width: 8,
    queries: [
      { expr: `sum by (route) (${ofRoute('sse_connections_active')})`, legend: '{{route}} open' },
      {
        expr: perSecond(['route'], ofRoute('sse_connections_total')),
        legend: '{{route}} opened per second',
        unit: 'cps',
      },
    ],
  }),
  graph({
    title: 'SSE Stream Duration',
    description:
      'How long streams last, from the call of the handler until the last byte has left. The dots are traces that were kept.',
    unit: 's',
    width: 8,
    withExemplars: true,
    queries: quantiles('sse_stream_duration_seconds', 0.5, 0.95),
  }),
  graph({
    title: 'SSE Heartbeats',
    description:
      'Comments sent into silence, per second. Many of them with few events: something keeps people waiting.',
    unit: 'cps',
    width: 8,
    queries: [
      { expr: perSecond(['route'], ofRoute('sse_heartbeats_total')), legend: '{{route}} heartbeats' },
      { expr: perSecond(['route'], ofRoute('sse_events_total')), legend: '{{route}} events' },
    ],
  }),
];

export const STREAM_DETAIL_PANELS: readonly PanelSource[] = [
  graph({
    title: 'Stream Endings',
    description:
      'How streams ended, per second: completed; client_disconnect and slow_consumer are the client; server_error, upstream_error and timeout are us; shutdown is a deployment.',
    unit: 'cps',
    width: 8,
    isStacked: true,
    queries: [{ expr: perSecond(['ending'], ofRoute('sse_connections_closed_total')), legend: '{{ending}}' }],
  }),
  graph({
    title: 'Abandoned Streams',
    description: 'The share of streams whose client left before the end. It rises when people have to wait.',
    unit: 'percentunit',
    width: 8,
    max: 1,
    thresholds: [0.15, 0.3],
    queries: [
      {
        expr: share(
          perSecond(['route'], LEFT),
          perSecond(['route'], ofRoute('sse_connections_closed_total')),
        ),
        legend: '{{route}}',
      },
    ],
  }),
  graph({
    title: 'Time to First Event',
    description:
      'How long people look at an empty page: from the arrival of the request to the first event; heartbeats do not count.',
    unit: 's',
    width: 8,
    thresholds: [2.5, 5],
    withExemplars: true,
    queries: quantiles('sse_time_to_first_event_seconds', 0.5, 0.95),
  }),
  graph({
    title: 'Gaps between Events',
    description:
      'The silence between two events. p50 is the pace of the answer, p99 the worst that people notice.',
    unit: 's',
    width: 8,
    queries: quantiles('sse_event_gap_seconds', 0.5, 0.95, 0.99),
  }),
  graph({
    title: 'Stalls',
    description:
      'Gaps far beyond the pace of their stream, as a share of the streams opened. A trace tells what ran meanwhile: stalledDuring.',
    unit: 'percentunit',
    width: 8,
    thresholds: [0.1, 0.2],
    queries: [
      {
        expr: share(
          perSecond(['route'], ofRoute('sse_stalls_total')),
          perSecond(['route'], ofRoute('sse_connections_total')),
        ),
        legend: '{{route}}',
      },
    ],
  }),
  graph({
    title: 'Abort Lag',
    description:
      'How long work goes on for clients that have left, of the streams behind which something was still running. Long: the handler does not listen to tracker.signal. Work that outlasts the grace time is cut and not in here.',
    unit: 's',
    width: 8,
    queries: quantiles('sse_abort_lag_seconds', 0.5, 0.95),
  }),
];
