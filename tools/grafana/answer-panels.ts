import { share } from '../monitoring/promql.ts';
import { graph, type PanelSource } from './panels.ts';
import { ofJob, ofProvider, perSecond, quantile } from './queries.ts';

const calls = (labels: readonly string[]): string => perSecond(labels, ofProvider('provider_requests_total'));
const firstChunk = (q: number): string =>
  quantile(['provider'], q, ofProvider('provider_time_to_first_chunk_seconds'));
const lag = (q: number): string => quantile(['provider'], q, ofProvider('provider_abort_lag_seconds'));
const outputTokens = ofProvider('provider_tokens_total', 'direction="output"');

/** Every replica knows the whole budget and its own part of what was spent. */
const budget = `max by (job, currency) (${ofJob('provider_budget')})`;
const spent = `sum by (job, currency) (${ofJob('provider_budget')} - ${ofJob('provider_budget_remaining')})`;

/** What the answers of providers are like, and what was spent on those that nobody read. */
export const ANSWER_PANELS: readonly PanelSource[] = [
  graph({
    title: 'Time to First Chunk',
    description:
      'From the call of a provider to the first content of its streamed answer. Answers given up before are not in it. The dots are traces that were kept.',
    unit: 's',
    width: 8,
    withExemplars: true,
    queries: [
      { expr: firstChunk(0.5), legend: '{{provider}} p50' },
      { expr: firstChunk(0.95), legend: '{{provider}} p95' },
    ],
  }),
  graph({
    title: 'Tokens',
    description: 'Tokens per second that were sent and received, as far as they are known.',
    unit: 'short',
    width: 8,
    isStacked: true,
    queries: [
      {
        expr: perSecond(['provider', 'direction'], ofProvider('provider_tokens_total')),
        legend: '{{provider}} {{direction}}',
      },
    ],
  }),
  graph({
    title: 'How Far to Trust the Costs',
    description:
      'The share of calls whose cost is not known and therefore in no sum, and of those whose tokens the provider did not count.',
    unit: 'percentunit',
    width: 8,
    max: 1,
    queries: [
      {
        expr: share(perSecond(['provider'], ofProvider('provider_unpriced_total')), calls(['provider'])),
        legend: '{{provider}} without a cost',
      },
      {
        expr: share(
          perSecond(['provider'], ofProvider('provider_usage_total', 'usage_source!="provider"')),
          calls(['provider']),
        ),
        legend: '{{provider}} not counted by it',
      },
    ],
  }),
  graph({
    title: 'Abandoned Costs',
    description:
      'What answers that nobody waited for any longer cost in an hour at the present rate, by route. It is part of Token Costs and API Costs.',
    unit: 'short',
    width: 6,
    isStacked: true,
    queries: [
      {
        expr: `3600 * ${perSecond(['route', 'currency'], ofProvider('provider_abandoned_cost_total'))}`,
        legend: '{{route}} {{currency}}',
      },
    ],
  }),
  graph({
    title: 'Abandoned Tokens',
    description: 'The share of the tokens that a model produced which nobody waited for any longer.',
    unit: 'percentunit',
    width: 6,
    max: 1,
    thresholds: [0.15, 0.3],
    queries: [
      {
        expr: share(
          perSecond(['provider', 'model'], ofProvider('provider_abandoned_tokens_total')),
          perSecond(['provider', 'model'], outputTokens),
        ),
        legend: '{{provider}} {{model}}',
      },
    ],
  }),
  graph({
    title: 'Provider Abort Lag',
    description:
      'How long calls go on after their client has left, and how many per second did not stop within the grace time: those are still paid for.',
    unit: 's',
    width: 6,
    queries: [
      { expr: lag(0.95), legend: '{{provider}} p95' },
      {
        expr: perSecond(['provider'], ofProvider('provider_unstopped_total')),
        legend: '{{provider}} not stopped',
        unit: 'cps',
      },
    ],
  }),
  graph({
    title: 'Budget',
    description:
      'What is left of the monthly budget over all replicas since each of them counts, as far as costs are known. Below 0 it is passed.',
    unit: 'short',
    width: 6,
    hasNegative: true,
    queries: [
      { expr: `${budget} - ${spent}`, legend: '{{job}} left, {{currency}}' },
      { expr: budget, legend: '{{job}} budget, {{currency}}' },
    ],
  }),
];
