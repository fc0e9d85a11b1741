import 'reflect-metadata';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Clock, ExecutionTracker } from '@followspot/core';
import { Registry } from 'prom-client';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';
import type { BudgetPassed } from './budget-options.js';

/** A token costs one. */
const PRICES = [{ provider: 'vllm', model: 'llama', input: 1_000_000, output: 1_000_000 }];
const CHUNKS = [
  { model: 'llama', choices: [{ delta: { content: 'Hello' }, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } },
];

async function ask(tracker: ExecutionTracker): Promise<void> {
  await tracker.runTrace('JOB', async () => {
    const answer = tracker.trackProvider({ provider: 'vllm', model: 'llama' }, async function* () {
      yield* CHUNKS;
    });
    for await (const _ of answer);
  });
  // What has ended is counted when the turn of the event loop is over.
  await nextTurn();
}

describe.each(ADAPTERS)('A budget on %s', (adapter) => {
  let app: RunningApp;
  afterEach(() => app.close());

  it('is in the metrics and in the summary, on the clock of the options', async () => {
    let wallMs = Date.UTC(2026, 10, 11);
    const clock: Clock = { now: () => performance.now(), wallNow: () => wallMs };
    app = await startApp(adapter, {
      options: {
        clock,
        metrics: { registry: new Registry() },
        provider: { prices: PRICES, currency: 'EUR', budget: { monthly: 8 } },
      },
    });
    const scraped = new Scraped(app);
    await ask(app.tracker);
    expect(await scraped.sum('provider_budget', 'currency="EUR"')).toBe(8);
    expect(await scraped.sum('provider_budget_remaining', 'currency="EUR"')).toBe(3);
    await ask(app.tracker);
    expect(await scraped.sum('provider_budget_remaining', 'currency="EUR"')).toBe(-2);
    wallMs = Date.UTC(2026, 10, 21);
    expect(await scraped.json<{ budgets: unknown[] }>('/summary')).toMatchObject({
      budgets: [
        {
          month: '2026-11',
          currency: 'EUR',
          monthly: 8,
          spent: 10,
          remaining: -2,
          countedSince: '2026-11-11T00:00:00.000Z',
          forecast: 20,
          uncountedCalls: 0,
        },
      ],
    });
  });

  it('leaves the metrics with its application', async () => {
    const registry = new Registry();
    const options = { metrics: { registry }, provider: { prices: PRICES, budget: { monthly: 8 } } };
    app = await startApp(adapter, { options });
    const other = await startApp(adapter, { options });
    const scraped = new Scraped(app);
    expect(await scraped.sum('provider_budget')).toBe(16);
    await other.close();
    expect(await scraped.sum('provider_budget')).toBe(8);
  });
});

describe('A budget', () => {
  const start = (options: ObservabilityOptions, warnings: string[] = []): Promise<RunningApp> => {
    const silent = { log: () => {}, error: () => {} };
    const logger = { ...silent, warn: (message: string) => void warnings.push(message) };
    return startApp('fastify', { options, collects: 'kept', nest: { logger } });
  };

  it('works without metrics, and also where nothing is sampled or rescued', async () => {
    const passed: BudgetPassed[] = [];
    const budget = { monthly: 4, onPassed: (given: BudgetPassed) => void passed.push(given) };
    const app = await start({
      metrics: { enabled: false },
      sampleRate: 0,
      rescue: false,
      provider: { prices: PRICES, budget },
    });
    await ask(app.tracker);
    await ask(app.tracker);
    expect(passed).toEqual([expect.objectContaining({ monthly: 4, spent: 5, currency: 'USD' })]);
    await app.close();
  });

  it('spares plain stages of traces that nobody keeps their record, as the metrics do', async () => {
    const provider = { prices: PRICES, budget: { monthly: 4 } };
    const app = await start({
      metrics: { registry: new Registry() },
      sampleRate: 0,
      rescue: false,
      provider,
    });
    expect(app.recorder.counts).toBeDefined();
    await app.close();
  });

  it('whose callback fails is counted among the internal errors', async () => {
    const onPassed = (): never => {
      throw new Error('no mail');
    };
    const provider = { prices: PRICES, budget: { monthly: 4, onPassed } };
    const app = await start({ metrics: { enabled: false }, provider });
    await ask(app.tracker);
    expect(app.recorder.drops.internalErrors).toBe(1);
    await app.close();
  });

  it('without any price is warned of, and counts nothing', async () => {
    const warnings: string[] = [];
    // The public table is in US dollars.
    const app = await start({ provider: { currency: 'EUR', budget: { monthly: 4 } } }, warnings);
    expect(warnings).toEqual([expect.stringContaining('There is a budget (provider.budget) and no price')]);
    await app.close();
  });

  it('of an application in which tracking is off asks nobody what was spent', async () => {
    let asked = 0;
    const spent = (): number => (asked += 1);
    const app = await start({ enabled: false, provider: { prices: PRICES, budget: { monthly: 4, spent } } });
    expect(asked).toBe(0);
    await app.close();
  });
});
