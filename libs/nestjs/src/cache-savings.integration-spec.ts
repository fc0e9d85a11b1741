import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ExecutionTracker } from '@followspot/core';
import { Registry } from 'prom-client';
import { call } from './testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from './testing/running-app.js';
import { Scraped } from './testing/scraped.js';

const PRICE = 0.03;

@Controller()
class AnswersController {
  readonly #known = new Set<string>();

  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('answers/:question')
  async answer(@Param('question') question: string): Promise<string> {
    const isKnown = this.tracker.trackStage('2.0_CACHE_LOOKUP', () => this.#known.has(question), {
      kind: 'cache',
      attributes: (hit) => ({ cache: 'answers', hit }),
    });
    return isKnown ? 'known' : this.tracker.trackProvider({ provider: 'x' }, () => this.#ask(question));
  }

  async #ask(question: string): Promise<string> {
    this.tracker.setAttribute('tokenCost', PRICE);
    this.tracker.setAttribute('costCurrency', 'EUR');
    // Nobody knows how long the timers of a busy machine take; the stages do.
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#known.add(question);
    return 'new';
  }
}

describe.each(ADAPTERS)('On %s what hits have saved', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    app = await startApp(adapter, {
      controllers: [AnswersController],
      // Nothing is kept: metrics are of all.
      options: { sampleRate: 0, rescue: false, metrics: { registry: new Registry() } },
    });
  });
  afterEach(() => app.close());

  it('is the same on stages, in the metrics and in their summary', async () => {
    const scraped = new Scraped(app);
    for (const [index, question] of ['a', 'a', 'b', 'a', 'b', 'c', 'c'].entries()) {
      await call(app.port, `/answers/${question}`, { traceId: `t${index}` });
      await app.sink.root(`t${index}`);
    }
    const hits = app.sink.stages
      .map(({ stage }) => stage.attributes)
      .filter(({ cache, hit }) => cache === 'answers' && hit === true);
    expect(hits).toHaveLength(4);
    for (const { costSaved, costCurrency, timeSavedMs } of hits) {
      expect({ costSaved, costCurrency }).toEqual({ costSaved: PRICE, costCurrency: 'EUR' });
      expect(timeSavedMs).toEqual(expect.any(Number));
    }
    const timeSavedSeconds = hits.reduce((sum, { timeSavedMs }) => sum + Number(timeSavedMs), 0) / 1_000;
    expect(await scraped.sum('cache_time_saved_seconds_total', 'cache="answers"')).toBeCloseTo(
      timeSavedSeconds,
      9,
    );
    expect(await scraped.sum('cache_cost_saved_total', 'cache="answers"')).toBeCloseTo(4 * PRICE, 9);
    const { caches } = await scraped.json<{ caches: Record<string, unknown> }>('/summary');
    expect(caches['answers']).toEqual({
      hitRate: expect.closeTo(4 / 7, 9),
      timeSavedSeconds: expect.closeTo(timeSavedSeconds, 9),
      costSaved: { EUR: expect.closeTo(4 * PRICE, 9) },
    });
  });
});
