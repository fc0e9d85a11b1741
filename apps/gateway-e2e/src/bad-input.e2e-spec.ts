import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, smallCorpus } from './support/corpus.js';
import { Gateway } from './support/gateway.js';
import { getJson, getTrace } from './support/requests.js';
import { stageOf } from './support/summary.js';

describe('bad input', () => {
  let corpus: Corpus;
  let gateway: Gateway;

  beforeAll(async () => {
    corpus = await smallCorpus();
    gateway = await Gateway.start({ CORPUS_DIR: corpus.folder });
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  it.each([
    ['missing', '', 'q is missing'],
    ['empty', '?q=', 'q is empty'],
    ['blank', '?q=%20%09', 'q is empty'],
    ['one character too long', `?q=${'x'.repeat(1_001)}`, 'q is too long (1,001 characters)'],
    ['10 KB', `?q=${'x'.repeat(10_240)}`, 'q is too long (10,240 characters)'],
    ['repeated', '?q=a&q=b', 'q is given more than once'],
    ['nested', '?q[x]=1', 'q is'],
  ])('a query that is %s is refused with 400, before any stream', async (_, query, problem) => {
    const { status, traceId, body } = await getJson(`${gateway.url}/search${query}`);
    expect(status).toBe(400);
    expect(body['message']).toContain(problem);
    expect(body['message']).toContain('Ask once, as plain text of 1 to 1,000 characters, such as /search?q=');
    await gateway.requestLine(traceId ?? '');
    const trace = await getTrace(gateway.url, traceId ?? '');
    expect(trace.stages[0]?.attributes['statusCode']).toBe(400);
    expect(stageOf(trace, '1.0_REQUEST_VALIDATION')).toMatchObject({
      outcome: 'error',
      errorType: 'BadRequestException',
    });
    expect(() => stageOf(trace, '2.0_CACHE_LOOKUP')).toThrow('no stage');
  });

  it('a query of exactly 1,000 characters is answered', async () => {
    const response = await fetch(`${gateway.url}/search?q=${'x'.repeat(1_000)}`);
    expect(response.status).toBe(200);
    await response.text();
  });

  it('an unknown trace is told from one that is outside the sample', async () => {
    const { status, body } = await getJson(`${gateway.url}/traces/nobody`);
    expect(status).toBe(404);
    expect(body['message']).toBe(
      'There is no trace "nobody": no request had this id, or newer ones have taken its place',
    );
  });

  it('an unknown stage is not found', async () => {
    const { status, body } = await getJson(`${gateway.url}/stages/9.9_NOTHING/statistics`);
    expect(status).toBe(404);
    expect(body['message']).toContain('"9.9_NOTHING"');
  });

  it.each(['', '0', '-1', '1.5', 'abc', '1e2', '0x1', '1001', '99999999999999999999'])(
    'a limit of "%s" is refused',
    async (limit) => {
      const { status, body } = await getJson(
        `${gateway.url}/stages/HTTP.1_REQUEST/statistics?limit=${limit}`,
      );
      expect(status).toBe(400);
      expect(body['message']).toBe(
        `limit must be a whole number from 1 to 1000, got ${JSON.stringify(limit)}`,
      );
    },
  );
});
