import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getJson, getTrace } from './support/requests.js';
import { stageOf, treeOf } from './support/summary.js';

const QUESTION = 'How does an Observable in RxJS compare to events?';

const FRESH_SEARCH = [
  'HTTP.1_REQUEST',
  [
    'HTTP.2_STREAM',
    [
      '1.0_REQUEST_VALIDATION',
      '2.0_CACHE_LOOKUP',
      ['2.1_L1_CACHE_LOOKUP'],
      '2.3_FLIGHT_LOOKUP',
      '3.0_RETRIEVAL',
      '4.0_PROMPT_BUILD',
      '5.0_LLM_STREAMING',
      ['5.1_PROVIDER_ATTEMPT'],
      '6.0_CACHE_STORE',
    ],
  ],
];

describe('a gateway that was started with no configuration', () => {
  let gateway: Gateway;
  let fresh: EventStream;
  let again: EventStream;

  beforeAll(async () => {
    gateway = await Gateway.start();
    fresh = await EventStream.answer(gateway.url, QUESTION);
    again = await EventStream.answer(gateway.url, `  ${QUESTION.toUpperCase()} `);
  });
  afterAll(() => gateway.stop());

  it('shows progress while it indexes the installed packages, before it listens', () => {
    const messages = gateway.lines.map(({ msg }) => msg);
    const indexing = messages.findIndex((msg) =>
      /^Indexing \d{3,} Markdown files in .*node_modules$/.test(msg ?? ''),
    );
    const progress = messages.findIndex((msg) => /^Indexed 100 of \d+ files, \d+ sections$/.test(msg ?? ''));
    const indexed = messages.findIndex((msg) => /^Indexed \d+ sections in [\d.]+ s$/.test(msg ?? ''));
    const listening = messages.findIndex((msg) => msg?.startsWith('Listening on ') === true);
    const order = [indexing, progress, indexed, listening];
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('says once that there is no second level of the cache', () => {
    expect(gateway.lines.filter(({ msg }) => msg?.includes('REDIS_URL'))).toHaveLength(1);
  });

  it('streams sources, words and an end', () => {
    expect(fresh.response.statusCode).toBe(200);
    expect(fresh.response.headers['content-type']).toBe('text/event-stream');
    const types = fresh.events.map(({ type }) => type);
    expect(types[0]).toBe('sources');
    expect(new Set(types.slice(1, -1))).toEqual(new Set(['token']));
    expect(types.at(-1)).toBe('done');
  });

  it('answers out of real documentation, with the sources that it cites', () => {
    const sources = fresh.events[0]?.data.sources ?? [];
    expect(sources.length).toBeGreaterThan(0);
    for (const { file, heading, score } of sources) {
      expect(file).toMatch(/readme.*\.md$/i);
      expect(heading).not.toBe('');
      expect(score).toBeGreaterThan(0);
    }
    expect(fresh.text.split(' ').length).toBeGreaterThan(10);
    expect(fresh.text).toMatch(/\[[1-5]\]$/);
  });

  it('puts the id of the response header on every event', () => {
    expect(fresh.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(fresh.events.map(({ data }) => data.traceId))).toEqual(new Set([fresh.traceId]));
  });

  it('ends with the stages of that very request', () => {
    expect(fresh.end?.data).toMatchObject({
      cached: false,
      provider: 'embedded',
      model: 'extractive',
      failover: false,
    });
    expect(fresh.end?.data.summary?.traceId).toBe(fresh.traceId);
    expect(treeOf(fresh.end?.data.summary?.stages ?? [])).toEqual(FRESH_SEARCH);
  });

  it('shows the designed stages of a trace, rightly nested', async () => {
    await gateway.requestLine(fresh.traceId);
    const trace = await getTrace(gateway.url, fresh.traceId);
    expect(trace).toMatchObject({
      traceId: fresh.traceId,
      running: false,
      outcome: 'ok',
      keptBecause: 'sampled',
    });
    expect(treeOf(trace.stages)).toEqual(FRESH_SEARCH);
    expect(trace.stages[0]?.attributes).toMatchObject({ method: 'GET', route: '/search', statusCode: 200 });
    expect(stageOf(trace, 'HTTP.2_STREAM')).toMatchObject({ kind: 'stream', ending: 'completed' });
    expect(stageOf(trace, '2.1_L1_CACHE_LOOKUP')).toMatchObject({
      kind: 'cache',
      attributes: { cache: 'l1', hit: false },
    });
    expect(stageOf(trace, '3.0_RETRIEVAL').kind).toBe('retrieval');
    expect(stageOf(trace, '5.0_LLM_STREAMING')).toMatchObject({
      kind: 'internal',
      attributes: { answeredBy: 'embedded extractive', failover: false },
    });
    expect(stageOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject({
      kind: 'provider',
      attributes: {
        attempt: 1,
        provider: 'embedded',
        model: 'extractive',
        usageSource: 'provider',
        outputTokens: fresh.events.length - 2,
        inputTokens: expect.any(Number),
        tokenCost: 0,
        apiCost: 0,
      },
    });
  });

  it('shows the same as a tree to whoever asks for text', async () => {
    const headers = { Accept: 'text/plain' };
    const response = await fetch(`${gateway.url}/traces/${fresh.traceId}`, { headers });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const tree = await response.text();
    expect(tree).toContain(`trace ${fresh.traceId}`);
    expect(tree).toMatch(/^ +├─ 5\.0_LLM_STREAMING {2}LLM Streaming +[\d.]+ ms$/m);
    expect(tree).toMatch(/^ +│ {2}└─ 5\.1_PROVIDER_ATTEMPT {2}Provider Attempt +[\d.]+ ms$/m);
    expect(tree).toMatch(/ms\n$/);
  });

  it('answers the same question from memory, with the same events', async () => {
    expect(again.end?.data.cached).toBe('l1');
    expect(again.text).toBe(fresh.text);
    expect(again.events[0]?.data.sources).toEqual(fresh.events[0]?.data.sources);
    await gateway.requestLine(again.traceId);
    const trace = await getTrace(gateway.url, again.traceId);
    expect(treeOf(trace.stages)).toEqual([
      'HTTP.1_REQUEST',
      ['HTTP.2_STREAM', ['1.0_REQUEST_VALIDATION', '2.0_CACHE_LOOKUP', ['2.1_L1_CACHE_LOOKUP']]],
    ]);
    expect(stageOf(trace, '2.1_L1_CACHE_LOOKUP').attributes).toMatchObject({ cache: 'l1', hit: true });
  });

  it('answers the percentiles of a stage, over as many executions as asked for', async () => {
    const { status, body } = await getJson(`${gateway.url}/stages/2.1_L1_CACHE_LOOKUP/statistics`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ stageId: '2.1_L1_CACHE_LOOKUP', executionCount: 2, successRate: 1 });
    expect(body['p50DurationMs']).toBeLessThanOrEqual(body['p99DurationMs'] as number);
    const last = await getJson(`${gateway.url}/stages/2.1_L1_CACHE_LOOKUP/statistics?limit=1`);
    expect(last.body['executionCount']).toBe(1);
  });

  it('says so when nothing matches', async () => {
    const { events, text } = await EventStream.answer(gateway.url, 'zzzzqqqq');
    expect(events[0]?.data.sources).toEqual([]);
    expect(text).toBe('Nothing in this corpus matches the question.');
  });

  it('welcomes whoever opens it, browsers with a page', async () => {
    const { status, body } = await getJson(gateway.url);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain('/search?q=');
    const page = await fetch(gateway.url, {
      headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('vary')).toContain('Accept');
    expect(await page.text()).toMatch(/^<!doctype html>/);
  });

  it.each([
    ['page.js', 'text/javascript; charset=utf-8'],
    ['page.css', 'text/css; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ])('serves %s of the page, and lets nothing else run in it', async (name, type) => {
    const response = await fetch(`${gateway.url}/page/${name}`);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it.each(['nothing.js', '..%2f..%2fpackage.json', '%2e%2e%2fpackage.json', '__proto__', 'constructor'])(
    'has no file %s',
    async (name) => {
      expect((await fetch(`${gateway.url}/page/${name}`)).status).toBe(404);
    },
  );
});
