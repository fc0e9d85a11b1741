import { describe, expect, it } from '@jest/globals';
import type { StageExecution, TraceIdentity } from '@followspot/core';
import { ScrapedSink } from '../testing/scraped-sink.js';
import { stageOf, traceOf } from '../testing/stages.js';

const CALL = { provider: 'openai', model: 'small' };
const LABELS = 'provider="openai",model="small"';

const abandonedFor = (route?: string): TraceIdentity => ({ ...traceOf('abandoned'), route, isAborted: true });

const recorded = (
  attributes: StageExecution['attributes'],
  more: Partial<StageExecution> = {},
  trace?: TraceIdentity,
): ScrapedSink => {
  const scraped = new ScrapedSink();
  scraped.record(stageOf('provider', { ...CALL, ...attributes }, more), trace);
  return scraped;
};

describe('A provider call', () => {
  it('is counted with its tokens and costs', async () => {
    const scraped = new ScrapedSink();
    const spent = { inputTokens: 10, outputTokens: 5, tokenCost: 0.25, apiCost: 0.5, costCurrency: 'EUR' };
    for (const outcome of ['ok', 'error'] as const) {
      scraped.record(stageOf('provider', { ...CALL, ...spent }, { outcome, durationMs: 100 }));
    }
    expect(await scraped.value(`provider_requests_total{${LABELS}}`)).toBe(2);
    expect(await scraped.value(`provider_errors_total{${LABELS}}`)).toBe(1);
    expect(await scraped.of('token_cost_total')).toEqual([`{${LABELS},currency="EUR"} 0.5`]);
    expect(await scraped.of('api_cost_total')).toEqual([`{${LABELS},currency="EUR"} 1`]);
    expect(await scraped.of('provider_tokens_total')).toEqual([
      `{${LABELS},direction="input"} 20`,
      `{${LABELS},direction="output"} 10`,
    ]);
    const p95 = await scraped.value('provider_latency_p95_ms{provider="openai"}');
    expect(Math.abs(p95 - 100)).toBeLessThanOrEqual(3);
  });

  it('that does not tell its tokens and costs has none, which is not 0', async () => {
    const scraped = recorded({});
    expect(await scraped.of('provider_tokens_total')).toEqual([]);
    expect(await scraped.of('provider_token_parts_total')).toEqual([]);
    expect(await scraped.of('token_cost_total')).toEqual([]);
    scraped.record(stageOf('provider', { ...CALL, inputTokens: 0 }));
    expect(await scraped.of('provider_tokens_total')).toEqual([`{${LABELS},direction="input"} 0`]);
  });

  it('that tells neither provider nor model is of an unknown one', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('provider'));
    expect(await scraped.of('provider_requests_total')).toEqual(['{provider="unknown",model="unknown"} 1']);
  });

  it('has cached and reasoning tokens apart, so that a sum of all directions counts no token twice', async () => {
    const scraped = recorded({
      inputTokens: 100,
      outputTokens: 50,
      cachedInputTokens: 80,
      reasoningTokens: 30,
    });
    const values = await Promise.all(
      ['input', 'output'].map((direction) =>
        scraped.value(`provider_tokens_total{${LABELS},direction="${direction}"}`),
      ),
    );
    expect(values).toEqual([100, 50]);
    expect(await scraped.of('provider_tokens_total')).toHaveLength(2);
    expect(await scraped.of('provider_token_parts_total')).toEqual([
      `{${LABELS},part="cached_input"} 80`,
      `{${LABELS},part="reasoning_output"} 30`,
    ]);
  });

  it('tells where its tokens are from, all three sources from the first call on', async () => {
    const scraped = recorded({ usageSource: 'estimated', outputTokens: 1 });
    // Not measured by the engine: whoever made the call says it, or nobody does.
    scraped.record(stageOf('provider', { ...CALL, outputTokens: 1 }));
    scraped.record(stageOf('provider', CALL));
    scraped.record(stageOf('provider', { ...CALL, usageSource: '__proto__' }));
    expect(await scraped.of('provider_usage_total')).toEqual([
      `{${LABELS},usage_source="provider"} 1`,
      `{${LABELS},usage_source="estimated"} 1`,
      `{${LABELS},usage_source="unknown"} 2`,
    ]);
  });

  it('is unpriced when nobody knows what it cost, and not when it cost nothing', async () => {
    const scraped = recorded({ tokenCost: 0 });
    expect(await scraped.value(`provider_unpriced_total{${LABELS}}`)).toBe(0);
    scraped.record(stageOf('provider', { ...CALL, inputTokens: 3 }));
    expect(await scraped.value(`provider_unpriced_total{${LABELS}}`)).toBe(1);
  });

  it('whose costs name no currency has them in that of the options', async () => {
    const scraped = new ScrapedSink({ currency: 'CHF' });
    scraped.record(stageOf('provider', { ...CALL, tokenCost: 1 }));
    scraped.record(stageOf('provider', { ...CALL, tokenCost: 2, costCurrency: 'USD' }));
    expect(await scraped.of('token_cost_total')).toEqual([
      `{${LABELS},currency="CHF"} 1`,
      `{${LABELS},currency="USD"} 2`,
    ]);
  });
});

describe('Costs of providers', () => {
  it('are added as the decimals that they are, in scrapes and for people, also where totals are large', async () => {
    const scraped = new ScrapedSink();
    const cost = { tokenCost: 0.1, apiCost: 0.000_000_000_001 };
    for (let count = 0; count < 3; count += 1) {
      scraped.record(stageOf('provider', { ...CALL, ...cost }), abandonedFor('/search'));
    }
    scraped.record(stageOf('provider', { ...CALL, tokenCost: 12_345_678.123_456_7 }));
    expect(await scraped.of('token_cost_total')).toEqual([`{${LABELS},currency="USD"} 12345678.4234567`]);
    expect(await scraped.of('api_cost_total')).toEqual([`{${LABELS},currency="USD"} 3e-12`]);
    expect(await scraped.of('provider_abandoned_cost_total')).toEqual([
      `{${LABELS},route="/search",currency="USD"} 0.300000000003`,
    ]);
    expect(scraped.sink.summary().providers['openai']?.costs).toEqual({
      USD: { tokenCost: 12_345_678.423_456_7, apiCost: 3e-12, abandonedCost: 0.300_000_000_003 },
    });
  });
});

describe('The first chunk of an answer', () => {
  it('is timed from the call and from the arrival of the request', async () => {
    const scraped = recorded({ timeToFirstChunkMs: 300, timeToFirstChunkFromRequestMs: 700 });
    expect(await scraped.value(`provider_time_to_first_chunk_seconds_sum{${LABELS}}`)).toBe(0.3);
    const fromRequest = 'provider_time_to_first_chunk_from_request_seconds';
    expect(await scraped.value(`${fromRequest}_sum{${LABELS}}`)).toBe(0.7);
    expect(await scraped.value(`${fromRequest}_bucket{le="0.64",${LABELS}}`)).toBe(0);
    expect(await scraped.value(`${fromRequest}_bucket{le="1.28",${LABELS}}`)).toBe(1);
    const p95 = scraped.sink.summary().providers['openai']!.timeToFirstChunkP95Ms!;
    expect(Math.abs(p95 - 300)).toBeLessThanOrEqual(9);
  });

  it.each<[string, StageExecution['attributes'], Partial<StageExecution>, number]>([
    ['that never came because the call was given up', { chunks: 0 }, { outcome: 'cancelled' }, 1],
    ['of an answer that had not begun when the call was given up', {}, { outcome: 'cancelled' }, 1],
    ['of a call that failed', { chunks: 0 }, { outcome: 'error' }, 0],
    ['of an answer that came as a whole', { outputTokens: 5 }, {}, 0],
    ['of an answer as a whole that nobody read', { outputTokens: 5 }, { outcome: 'cancelled' }, 0],
    ['that came before the call was given up', { timeToFirstChunkMs: 9 }, { outcome: 'cancelled' }, 0],
  ])('%s: %j %j', async (_, attributes, more, aborted) => {
    const scraped = recorded(attributes, more);
    expect(await scraped.value(`provider_aborted_before_first_chunk_total{${LABELS}}`)).toBe(aborted);
    expect(await scraped.of('provider_time_to_first_chunk_seconds_count')).toHaveLength(
      attributes['timeToFirstChunkMs'] === undefined ? 0 : 1,
    );
  });

  it('of a rescued trace is its exemplar, and so is the abort lag', async () => {
    const scraped = new ScrapedSink();
    const attributes = {
      ...CALL,
      timeToFirstChunkMs: 300,
      timeToFirstChunkFromRequestMs: 310,
      abortLagMs: 7,
    };
    const stage = stageOf('provider', attributes, { outcome: 'cancelled' });
    scraped.record(stage, { ...abandonedFor('/search'), keptBecause: undefined });
    scraped.record(stageOf('request', {}, { substages: [stage] }), abandonedFor('/search'));
    const lines = (await scraped.lines('openmetrics')).filter((line) => line.includes('trace_id="a-trace"'));
    const named = new Set(lines.map((line) => line.slice(0, line.indexOf('_bucket'))));
    expect([...named].filter((name) => name.startsWith('provider_')).toSorted()).toEqual([
      'provider_abort_lag_seconds',
      'provider_request_duration_seconds',
      'provider_time_to_first_chunk_from_request_seconds',
      'provider_time_to_first_chunk_seconds',
    ]);
  });
});

describe('A call that was running when nobody waited for it any longer', () => {
  const spent = {
    outputTokens: 40,
    abandonedTokens: 40,
    tokenCost: 0.25,
    abandonedCost: 0.375,
    apiCost: 0.125,
  };
  const left = { outcome: 'cancelled' } as const;

  it('is abandoned for its route, with what it produced and cost, and with its lag', async () => {
    const scraped = recorded({ ...spent, abortLagMs: 20 }, left, abandonedFor('/search'));
    scraped.record(stageOf('provider', { ...CALL, ...spent }), traceOf());
    const route = `${LABELS},route="/search"`;
    expect(await scraped.of('provider_abandoned_total')).toEqual([`{${route}} 1`]);
    expect(await scraped.of('provider_abandoned_tokens_total')).toEqual([`{${route}} 40`]);
    expect(await scraped.of('provider_abandoned_cost_total')).toEqual([`{${route},currency="USD"} 0.375`]);
    expect(await scraped.value(`provider_abort_lag_seconds_sum{${LABELS}}`)).toBe(0.02);
    expect(await scraped.value(`provider_unstopped_total{${LABELS}}`)).toBe(0);
  });

  it('outside of requests has no route', async () => {
    const scraped = recorded(spent, left, abandonedFor());
    expect(await scraped.of('provider_abandoned_total')).toEqual([`{${LABELS},route="none"} 1`]);
  });

  it('and went on until the grace time was over has no lag, and is counted as unstopped', async () => {
    const scraped = recorded(spent, left, abandonedFor('/search'));
    expect(await scraped.value(`provider_unstopped_total{${LABELS}}`)).toBe(1);
    expect(await scraped.of('provider_abort_lag_seconds_count')).toEqual([]);
  });

  it('and is not measured by the engine was abandoned with what it says of itself', async () => {
    const { outputTokens, tokenCost, apiCost } = spent;
    const scraped = recorded({ outputTokens, tokenCost, apiCost }, left, abandonedFor('/a'));
    const route = `${LABELS},route="/a"`;
    expect(await scraped.of('provider_abandoned_tokens_total')).toEqual([`{${route}} 40`]);
    expect(await scraped.of('provider_abandoned_cost_total')).toEqual([`{${route},currency="USD"} 0.375`]);
  });

  it('of which nothing is known is counted, and its tokens and cost are not 0', async () => {
    const scraped = recorded({}, left, abandonedFor('/a'));
    expect(await scraped.of('provider_abandoned_total')).toHaveLength(1);
    expect(await scraped.of('provider_abandoned_tokens_total')).toEqual([]);
    expect(await scraped.of('provider_abandoned_cost_total')).toEqual([]);
  });
});

describe('The summary of a provider', () => {
  it('tells what was spent by currency, and how much of it on answers that nobody read', () => {
    const scraped = recorded(
      { tokenCost: 0.25, abandonedCost: 0.25, abandonedTokens: 9, outputTokens: 9 },
      { outcome: 'cancelled' },
      abandonedFor('/search'),
    );
    scraped.record(stageOf('provider', { ...CALL, tokenCost: 1, apiCost: 2 }));
    scraped.record(stageOf('provider', { ...CALL, model: 'large', tokenCost: 3, costCurrency: 'EUR' }));
    scraped.record(stageOf('provider', CALL));
    expect(scraped.sink.summary().providers['openai']).toMatchObject({
      requests: 4,
      errors: 0,
      abandoned: { calls: 1, tokens: 9 },
      costs: {
        USD: { tokenCost: 1.25, apiCost: 2, abandonedCost: 0.25 },
        EUR: { tokenCost: 3 },
      },
      unpriced: 1,
    });
  });

  it('says nothing of costs that nobody knows', () => {
    const { costs, abandoned } = recorded({}).sink.summary().providers['openai']!;
    expect({ costs, abandoned }).toEqual({ costs: {}, abandoned: { calls: 0 } });
  });
});
