import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getJson, getTrace } from './support/requests.js';
import { stageOf } from './support/summary.js';

describe('/metrics of the gateway', () => {
  let corpus: Corpus;
  let gateway: Gateway;
  /** Of the latest answer, which was in the cache. */
  let hitId: string;

  beforeAll(async () => {
    corpus = await smallCorpus();
    gateway = await Gateway.start({ CORPUS_DIR: corpus.folder });
    for (let time = 0; time < 2; time += 1) {
      const { traceId } = await EventStream.answer(gateway.url, QUESTION);
      await gateway.requestLine(traceId);
      hitId = traceId;
    }
    const refused = await getJson(`${gateway.url}/search`);
    await gateway.requestLine(refused.traceId ?? '');
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  const scrape = async (accept?: string): Promise<string> => {
    const response = await fetch(
      `${gateway.url}/metrics`,
      accept === undefined ? {} : { headers: { accept } },
    );
    return response.text();
  };

  it.each([
    'http_requests_total{method="GET",route="/search",status_class="2xx"} 2',
    'http_requests_total{method="GET",route="/search",status_class="4xx"} 1',
    'http_requests_in_flight 0',
    'http_error_rate 0',
    'sse_connections_total{route="/search"} 3',
    'sse_connections_active{route="/search"} 0',
    'sse_connections_closed_total{route="/search",ending="completed"} 2',
    'sse_time_to_first_event_seconds_count{route="/search"} 2',
    'cache_hits_total{cache="l1"} 1',
    'cache_misses_total{cache="l1"} 1',
    'cache_misses_total{cache="flight"} 1',
    'cache_cost_saved_total{cache="l1",currency="USD"} 0',
    'provider_requests_total{provider="embedded",model="extractive"} 1',
    'request_stages_total{stage="3.0_RETRIEVAL",outcome="ok"} 1',
    'trace_requests_total{kept="sampled"} 3',
    'followspot_internal_errors_total 0',
  ])('after two searches and one that was refused has the line %s', async (line) => {
    expect((await scrape()).split('\n')).toContain(line);
  });

  it('sums up what the hit has saved', async () => {
    const { attributes } = stageOf(await getTrace(gateway.url, hitId), '2.1_L1_CACHE_LOOKUP');
    expect(attributes).toEqual({
      ...{ cache: 'l1', hit: true, timeSavedMs: expect.any(Number) },
      ...{ costSaved: 0, costCurrency: 'USD' },
    });
    const timeSavedSeconds = Number(attributes['timeSavedMs']) / 1_000;
    expect((await scrape()).split('\n')).toContain(
      `cache_time_saved_seconds_total{cache="l1"} ${timeSavedSeconds}`,
    );
    expect((await getJson(`${gateway.url}/metrics/summary`)).body).toMatchObject({
      caches: {
        l1: { hitRate: 0.5, timeSavedSeconds: expect.closeTo(timeSavedSeconds, 9), costSaved: { USD: 0 } },
      },
    });
  });

  it('leads from a bucket to the trace that fell into it', async () => {
    const text = await scrape('application/openmetrics-text');
    const [, traceId] = /^sse_stream_duration_seconds_bucket.* # \{trace_id="(.+?)"\}/m.exec(text) ?? [];
    expect(await getTrace(gateway.url, traceId ?? '')).toMatchObject({ traceId, outcome: 'ok' });
  });

  it('is summed up for people, and in good health', async () => {
    expect((await getJson(`${gateway.url}/metrics/summary`)).body).toMatchObject({
      requests: { inFlight: 0, errorRate: 0, routes: { '/search': { requests: 3, errors: 0 } } },
      streams: { open: 0, ended: { completed: 2 } },
      caches: { l1: { hitRate: 0.5 } },
    });
    expect(await getJson(`${gateway.url}/metrics/health`)).toMatchObject({
      status: 200,
      traceId: null,
      body: { status: 'up' },
    });
  });
});
