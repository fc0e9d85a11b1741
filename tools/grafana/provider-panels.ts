import { share } from '../monitoring/promql.ts';
import { graph, pie, type PanelSource } from './panels.ts';
import { inShownTime, ofJob, ofProvider, perSecond, quantile } from './queries.ts';

const COST = ['provider', 'model', 'currency'];
const DURATION = ofProvider('provider_request_duration_seconds');

const hits = perSecond(['cache'], ofJob('cache_hits_total'));
const misses = perSecond(['cache'], ofJob('cache_misses_total'));

export const PROVIDER_PANELS: readonly PanelSource[] = [
  pie({
    title: 'Provider Usage Distribution',
    description: 'Which providers answered, in the shown time.',
    unit: 'short',
    width: 6,
    queries: [
      { expr: inShownTime(['provider'], ofProvider('provider_requests_total')), legend: '{{provider}}' },
    ],
  }),
  graph({
    title: 'Provider Latency',
    description:
      'From the call to the end of its answer, streamed ones too. The dots are traces that were kept.',
    unit: 's',
    width: 9,
    withExemplars: true,
    queries: [
      { expr: quantile(['provider'], 0.5, DURATION), legend: '{{provider}} p50' },
      { expr: quantile(['provider'], 0.95, DURATION), legend: '{{provider}} p95' },
    ],
  }),
  graph({
    title: 'Provider Error Rate',
    description:
      'The share of calls that failed. Calls that were given up because the client left are no errors.',
    unit: 'percentunit',
    width: 9,
    max: 1,
    thresholds: [0.05, 0.5],
    queries: [
      {
        expr: share(
          perSecond(['provider'], ofProvider('provider_errors_total')),
          perSecond(['provider'], ofProvider('provider_requests_total')),
        ),
        legend: '{{provider}}',
      },
    ],
  }),
  graph({
    title: 'Cache Hit Rate',
    description: 'The share of look-ups that each cache could answer.',
    unit: 'percentunit',
    width: 8,
    max: 1,
    queries: [{ expr: share(hits, `(${hits} + ${misses})`), legend: '{{cache}}' }],
  }),
  graph({
    title: 'Token Costs',
    description: 'What the tokens of an hour cost at the present rate, each currency by itself.',
    unit: 'short',
    width: 8,
    isStacked: true,
    queries: [
      {
        expr: `3600 * ${perSecond(COST, ofProvider('token_cost_total'))}`,
        legend: '{{provider}} {{model}} {{currency}}',
      },
    ],
  }),
  graph({
    title: 'API Costs',
    description:
      'What the calls of an hour cost at the present rate beside their tokens, each currency by itself.',
    unit: 'short',
    width: 8,
    isStacked: true,
    queries: [
      {
        expr: `3600 * ${perSecond(COST, ofProvider('api_cost_total'))}`,
        legend: '{{provider}} {{model}} {{currency}}',
      },
    ],
  }),
  graph({
    title: 'Time Saved by Caches',
    description:
      'How many people do not have to wait at this moment, because a cache had what they asked for: seconds saved per second.',
    unit: 'short',
    width: 12,
    isStacked: true,
    queries: [{ expr: perSecond(['cache'], ofJob('cache_time_saved_seconds_total')), legend: '{{cache}}' }],
  }),
  graph({
    title: 'Costs Saved by Caches',
    description: 'What the hits of an hour spare at the present rate, in the currency of your price table.',
    unit: 'short',
    width: 12,
    isStacked: true,
    queries: [
      {
        expr: `3600 * ${perSecond(['cache', 'currency'], ofJob('cache_cost_saved_total'))}`,
        legend: '{{cache}} {{currency}}',
      },
    ],
  }),
];
