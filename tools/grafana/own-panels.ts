import { graph, type PanelSource } from './panels.ts';
import { ofJob, perSecond } from './queries.ts';

/** What observing costs, and whether it is complete. */
export const OWN_PANELS: readonly PanelSource[] = [
  graph({
    title: 'Dropped and Failed Records',
    description:
      'Per second: what was not recorded because a bound was reached, by bound, and errors inside sinks and callbacks. Requests are not affected.',
    unit: 'cps',
    width: 6,
    queries: [
      { expr: perSecond(['what'], ofJob('followspot_dropped_total')), legend: '{{what}}' },
      {
        expr: perSecond(['job'], ofJob('followspot_internal_errors_total')),
        legend: '{{job}} internal errors',
      },
    ],
  }),
  graph({
    title: 'Cost of Observing',
    description:
      'The share of one CPU that recording metrics takes, estimated from a timed sample of records.',
    unit: 'percentunit',
    width: 6,
    queries: [{ expr: perSecond(['job'], ofJob('followspot_record_seconds_total')), legend: '{{job}}' }],
  }),
  graph({
    title: 'Scrape Duration',
    description: 'How long the slowest replica took to answer Prometheus.',
    unit: 's',
    width: 6,
    queries: [{ expr: `max by (job) (${ofJob('followspot_scrape_duration_seconds')})`, legend: '{{job}}' }],
  }),
  graph({
    title: 'Series',
    description: 'Series that Followspot exports, over all replicas. It levels off: every label is bounded.',
    unit: 'short',
    width: 6,
    queries: [{ expr: `sum by (job) (${ofJob('followspot_series')})`, legend: '{{job}}' }],
  }),
];
