import { increasePer, ratePer, share } from '../monitoring/promql.ts';
import { counter, gauge } from './proof.ts';
import type { Alert } from './rule.ts';

const PROVIDER = ['job', 'provider'];
const OPENAI = 'job="gateway",provider="openai",model="gpt"';
const OF_SEARCH = `${OPENAI},route="/search"`;
const BUDGET = 'job="gateway",currency="USD"';

/** What is spent on answers that nobody reads, and all in all. */
export const ANSWER_ALERTS: readonly Alert[] = [
  {
    name: 'ProviderRunsOn',
    expr: [
      `${share(ratePer(PROVIDER, 'provider_unstopped_total', '15m'), ratePer(PROVIDER, 'provider_abandoned_total', '15m'))} > 0.5`,
      `and ${increasePer(PROVIDER, 'provider_abandoned_total', '15m')} >= 5`,
    ].join('\n'),
    for: '5m',
    severity: 'warning',
    summary:
      '{{ $labels.job }}: {{ $value | humanizePercentage }} of the calls to {{ $labels.provider }} that nobody waits for do not stop (15m)',
    description:
      'The client has left and the provider goes on to write, and to charge for it. Hand tracker.signal to the call, or unsubscribe from it; see Abandoned Costs for the route.',
    runbook: 'ProviderRunsOn',
    proof: {
      series: [
        counter(`provider_abandoned_total{${OF_SEARCH}}`, [40, 2], [40, 2]),
        counter(`provider_unstopped_total{${OPENAI}}`, [40, 1.5], [40, 0]),
      ],
      firesAt: 30,
      labels: { job: 'gateway', provider: 'openai' },
      summary: 'gateway: 75% of the calls to openai that nobody waits for do not stop (15m)',
      resolvedAt: 70,
    },
  },
  {
    name: 'TokensAbandoned',
    expr: [
      `${share(ratePer(PROVIDER, 'provider_abandoned_tokens_total', '1h'), ratePer(PROVIDER, 'provider_tokens_total{direction="output"}', '1h'))} > 0.3`,
      `and ${increasePer(PROVIDER, 'provider_abandoned_tokens_total', '1h')} >= 10000`,
    ].join('\n'),
    for: '15m',
    severity: 'warning',
    summary:
      '{{ $labels.job }}: {{ $value | humanizePercentage }} of what {{ $labels.provider }} writes is for clients that have left (1h)',
    description:
      'See Abandoned Costs for the route, and Time to First Event and Stalls for why people leave. Calls that do not stop with their client make it worse: Provider Abort Lag.',
    runbook: 'TokensAbandoned',
    proof: {
      series: [
        counter(`provider_tokens_total{${OPENAI},direction="output"}`, [90, 1_000], [80, 1_000]),
        counter(`provider_tokens_total{${OPENAI},direction="input"}`, [170, 9_000]),
        counter(`provider_abandoned_tokens_total{${OF_SEARCH}}`, [90, 400], [80, 0]),
      ],
      firesAt: 80,
      labels: { job: 'gateway', provider: 'openai' },
      summary: 'gateway: 40% of what openai writes is for clients that have left (1h)',
      resolvedAt: 160,
    },
  },
  {
    name: 'BudgetPassed',
    // Every replica knows the whole budget and its own part of what was spent.
    expr: 'sum by (job, currency) (provider_budget - provider_budget_remaining) - max by (job, currency) (provider_budget) > 0',
    for: '5m',
    severity: 'warning',
    summary:
      '{{ $labels.job }}: the budget of the month is passed by {{ $value | humanize }} {{ $labels.currency }}',
    description:
      'Nothing is stopped by it. GET /metrics/summary tells the forecast to the end of the month; Token Costs and API Costs tell for which model. A cheaper model, shorter prompts, a cache, or a larger budget.',
    runbook: 'BudgetPassed',
    proof: {
      series: [
        gauge(`provider_budget{${BUDGET},instance="a:3000"}`, [60, 100]),
        gauge(`provider_budget{${BUDGET},instance="b:3000"}`, [60, 100]),
        // What two processes spent makes more than the one budget, until the month is over.
        gauge(`provider_budget_remaining{${BUDGET},instance="a:3000"}`, [10, 60], [30, 40], [20, 100]),
        gauge(`provider_budget_remaining{${BUDGET},instance="b:3000"}`, [10, 60], [30, 50], [20, 100]),
      ],
      firesAt: 20,
      labels: { job: 'gateway', currency: 'USD' },
      summary: 'gateway: the budget of the month is passed by 10 USD',
      resolvedAt: 50,
    },
  },
];
