import { increasePer, ratePer, share } from '../monitoring/promql.ts';
import { counter } from './proof.ts';
import type { Alert, RecordingRule } from './rule.ts';

const PROVIDER = ['job', 'provider'];
const CACHE = ['job', 'cache'];
const OPENAI = 'job="gateway",provider="openai",model="gpt"';
const L1 = 'job="gateway",cache="l1"';

const lookups = (count: (selector: string) => string): string =>
  `(${count('cache_hits_total')} + ${count('cache_misses_total')})`;

const perHour = (cost: string): RecordingRule => ({
  record: 'job:cost:per_hour',
  labels: { cost },
  expr: `3600 * ${ratePer(['job', 'currency'], `${cost}_cost_total`, '1h')}`,
});

export const DEPENDENCY_RECORDS: readonly RecordingRule[] = [
  {
    record: 'job_cache:hits:ratio_rate15m',
    expr: share(
      ratePer(CACHE, 'cache_hits_total', '15m'),
      lookups((selector) => ratePer(CACHE, selector, '15m')),
    ),
  },
  perHour('token'),
  perHour('api'),
];

export const DEPENDENCY_ALERTS: readonly Alert[] = [
  {
    name: 'ProviderDown',
    expr: [
      `${share(ratePer(PROVIDER, 'provider_errors_total', '5m'), ratePer(PROVIDER, 'provider_requests_total', '5m'))} > 0.5`,
      `and ${increasePer(PROVIDER, 'provider_errors_total', '5m')} >= 5`,
    ].join('\n'),
    for: '2m',
    severity: 'critical',
    summary:
      '{{ $labels.job }}: {{ $value | humanizePercentage }} of calls to {{ $labels.provider }} fail (5m)',
    description:
      "Read the error of one failed trace: 401 and 429 are ours to solve (key, quota), 5xx and time-outs are the provider's. See its status page; switch to another provider or to cached answers until it is back.",
    runbook: 'ProviderDown',
    proof: {
      series: [
        counter(`provider_requests_total{${OPENAI}}`, [40, 20]),
        counter(`provider_errors_total{${OPENAI}}`, [20, 15], [20, 0]),
      ],
      firesAt: 15,
      labels: { job: 'gateway', provider: 'openai' },
      summary: 'gateway: 75% of calls to openai fail (5m)',
      resolvedAt: 30,
    },
  },
  {
    name: 'CacheCollapsed',
    expr: [
      'job_cache:hits:ratio_rate15m < 0.5 * avg_over_time(job_cache:hits:ratio_rate15m[1d])',
      'and avg_over_time(job_cache:hits:ratio_rate15m[1d]) > 0.1',
      `and ${lookups((selector) => increasePer(CACHE, selector, '15m'))} >= 100`,
    ].join('\n'),
    for: '15m',
    severity: 'warning',
    summary:
      '{{ $labels.job }}: the hit rate of cache {{ $labels.cache }} is {{ $value | humanizePercentage }} (15m), less than half of what it was on the last day',
    description:
      'Latency and costs follow. A deployment mark just before: a changed key or a cache that starts empty. None: look whether the cache is reachable (its stage fails) or evicts, and whether the questions have changed.',
    runbook: 'CacheCollapsed',
    proof: {
      series: [
        counter(`cache_hits_total{${L1}}`, [1_440, 60], [90, 10], [60, 60]),
        counter(`cache_misses_total{${L1}}`, [1_440, 40], [90, 90], [60, 40]),
      ],
      firesAt: 1_500,
      labels: { job: 'gateway', cache: 'l1' },
      summary:
        'gateway: the hit rate of cache l1 is 10% (15m), less than half of what it was on the last day',
      resolvedAt: 1_590,
    },
  },
  {
    name: 'CostSurge',
    expr: ['job:cost:per_hour > 1', 'and job:cost:per_hour > 3 * avg_over_time(job:cost:per_hour[1d])'].join(
      '\n',
    ),
    for: '15m',
    severity: 'warning',
    summary:
      '{{ $labels.job }}: {{ $labels.cost }} costs are {{ $value | humanize }} {{ $labels.currency }} an hour, more than three times the mean of the last day',
    description:
      'Compare Token Costs with Request Rate. Both up: more traffic, see Request Volume by Endpoint for who. Only costs: longer prompts or answers, another model, or a cache that no longer hits.',
    runbook: 'CostSurge',
    proof: {
      series: [counter(`token_cost_total{${OPENAI},currency="USD"}`, [1_440, 0.05], [120, 0.5], [180, 0.05])],
      firesAt: 1_520,
      labels: { job: 'gateway', cost: 'token', currency: 'USD' },
      summary: 'gateway: token costs are 30 USD an hour, more than three times the mean of the last day',
      resolvedAt: 1_650,
    },
  },
];
