import { describe, expect, it } from '@jest/globals';
import { QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { Provider } from './support/provider.js';
import { getJson, getTrace } from './support/requests.js';
import { Scrape } from './support/scrape.js';
import { type Summary, stageOf } from './support/summary.js';

describe('the cache in front of a model that has a price', () => {
  it('has saved with every hit what the answer cost: the stages, the metrics and the summary say the same', async () => {
    await using corpus = await smallCorpus();
    await using provider = await Provider.start();
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...provider.environment });
    const traces: Summary[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { traceId } = await EventStream.answer(gateway.url, QUESTION);
      await gateway.requestLine(traceId);
      traces.push(await getTrace(gateway.url, traceId));
    }
    expect(await provider.calls()).toHaveLength(1);
    const [missed, ...hit] = traces;
    const { tokenCost, costCurrency } = stageOf(missed!, '5.1_PROVIDER_ATTEMPT').attributes;
    expect(tokenCost).toBeGreaterThan(0);
    const saved = hit.map((trace) => stageOf(trace, '2.1_L1_CACHE_LOOKUP').attributes);
    for (const attributes of saved) {
      expect(attributes).toEqual({
        ...{ cache: 'l1', hit: true, timeSavedMs: expect.any(Number) },
        ...{ costSaved: tokenCost, costCurrency },
      });
    }
    const cost = 2 * Number(tokenCost);
    const seconds = saved.reduce((sum, { timeSavedMs }) => sum + Number(timeSavedMs), 0) / 1_000;
    const scrape = await Scrape.of(gateway.url);
    const l1 = { cache: 'l1' };
    const currency = String(costCurrency);
    expect(scrape.sum('cache_cost_saved_total', { ...l1, currency })).toBeCloseTo(cost, 12);
    expect(scrape.sum('cache_time_saved_seconds_total', l1)).toBeCloseTo(seconds, 9);
    expect((await getJson(`${gateway.url}/metrics/summary`)).body).toMatchObject({
      caches: {
        l1: {
          timeSavedSeconds: expect.closeTo(seconds, 9),
          costSaved: { [currency]: expect.closeTo(cost, 12) },
        },
      },
    });
  });
});
