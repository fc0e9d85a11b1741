import { describe, expect, it } from '@jest/globals';
import { LONG_ANSWERS, longCorpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getJson, getTrace } from './support/requests.js';

const NO_SAMPLING = { EXECUTION_TRACKING_SAMPLE_RATE: '0' };

describe('sampling', () => {
  it('leaves no line and no trace of a request outside the sample, and says how to get one', async () => {
    await using corpus = await smallCorpus();
    await using gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      ...NO_SAMPLING,
    });
    const outside = await EventStream.answer(gateway.url, QUESTION);
    expect(outside.end?.type).toBe('done');

    const { status, body } = await getJson(`${gateway.url}/traces/${outside.traceId}`);
    expect(status).toBe(404);
    expect(body['message']).toContain('outside the sample (rate 0)');
    expect(body['message']).toMatch(/with the header X-Force-Tracking: 1$/);

    const forced = await EventStream.answer(gateway.url, QUESTION, { 'X-Force-Tracking': '1' });
    await gateway.requestLine(forced.traceId);
    expect(await getTrace(gateway.url, forced.traceId)).toMatchObject({
      keptBecause: 'forced',
      outcome: 'ok',
    });
    expect(gateway.linesOf(outside.traceId)).toEqual([]);
  });

  it('counts requests outside the sample in the statistics', async () => {
    await using corpus = await smallCorpus();
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...NO_SAMPLING });
    await EventStream.answer(gateway.url, QUESTION);
    await EventStream.answer(gateway.url, QUESTION);
    const { body } = await getJson(`${gateway.url}/stages/2.1_L1_CACHE_LOOKUP/statistics`);
    expect(body['executionCount']).toBe(2);
  });

  it('keeps a request all the same whose client left, with its lines', async () => {
    await using corpus = await longCorpus();
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS, ...NO_SAMPLING });
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ events }) => events.length > 1);
    stream.leave();
    await gateway.requestLine(stream.traceId);
    expect(await getTrace(gateway.url, stream.traceId)).toMatchObject({
      keptBecause: 'abandoned',
      outcome: 'cancelled',
    });
  });

  it('does not let anybody force it in production, unless that is wanted', async () => {
    await using corpus = await smallCorpus();
    const production = { NODE_ENV: 'production', CORPUS_DIR: corpus.folder, ...NO_SAMPLING };
    await using closed = await Gateway.start(production);
    const refused = await EventStream.answer(closed.url, QUESTION, { 'X-Force-Tracking': '1' });
    const { status, body } = await getJson(`${closed.url}/traces/${refused.traceId}`);
    expect(status).toBe(404);
    expect(body['message']).toMatch(/to a gateway that has FORCE_TRACKING_HEADER=true$/);

    await using open = await Gateway.start({ ...production, FORCE_TRACKING_HEADER: 'true' });
    const forced = await EventStream.answer(open.url, QUESTION, { 'X-Force-Tracking': '1' });
    await open.requestLine(forced.traceId);
    expect((await getTrace(open.url, forced.traceId)).keptBecause).toBe('forced');
  });

  it('keeps a tenth in production, from the id alone', async () => {
    await using corpus = await smallCorpus();
    await using gateway = await Gateway.start({ NODE_ENV: 'production', CORPUS_DIR: corpus.folder });
    // md5('request-1') modulo 100 is 86, that of request-5 is 6.
    await EventStream.answer(gateway.url, QUESTION, { 'X-Trace-ID': 'request-1' });
    await EventStream.answer(gateway.url, QUESTION, { 'X-Trace-ID': 'request-5' });
    await gateway.requestLine('request-5');
    expect((await getTrace(gateway.url, 'request-5')).keptBecause).toBe('sampled');
    const { body } = await getJson(`${gateway.url}/traces/request-1`);
    expect(body['message']).toContain('outside the sample (rate 0.1)');
  });

  it('is not needed: with EXECUTION_TRACKING_ENABLED=false searches are answered, with their ids', async () => {
    await using corpus = await smallCorpus();
    const off = { EXECUTION_TRACKING_ENABLED: 'false' };
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...off });
    const answer = await EventStream.answer(gateway.url, QUESTION);
    expect(answer.text).toContain('keeps one performer lit');
    const answerer = { provider: 'embedded', model: 'extractive', failover: false };
    expect(answer.end?.data).toEqual({ traceId: answer.traceId, cached: false, ...answerer });
    const { status, body } = await getJson(`${gateway.url}/traces/${answer.traceId}`);
    expect(status).toBe(404);
    expect(body['message']).toBe('Tracking is off: EXECUTION_TRACKING_ENABLED is false');
  });
});
