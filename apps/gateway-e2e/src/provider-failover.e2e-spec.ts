import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { Provider } from './support/provider.js';
import { getTrace } from './support/requests.js';
import { Scrape } from './support/scrape.js';
import { stageOf, stagesOf, type Summary } from './support/summary.js';

const ANSWER = 'The cat sat on the mat.';
const EMBEDDED = 'A followspot is the stage light that keeps one performer lit wherever they move. [1]';

describe('a gateway whose provider fails', () => {
  let corpus: Corpus;
  let provider: Provider;

  beforeAll(async () => {
    corpus = await smallCorpus();
  });
  afterAll(async () => {
    await corpus[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    provider = await Provider.start();
  });
  afterEach(() => provider[Symbol.asyncDispose]());

  const start = (environment: Record<string, string> = {}): Promise<Gateway> =>
    Gateway.start({ CORPUS_DIR: corpus.folder, ...provider.environment, ...environment });

  const traceOf = async (gateway: Gateway, { traceId }: EventStream): Promise<Summary> => {
    await gateway.requestLine(traceId);
    return getTrace(gateway.url, traceId);
  };

  it.each([
    ['answers with an error', { status: 500 }, 'InternalServerError'],
    ['is silent before the first word', { stallsAfter: 0 }, 'ProviderSilent'],
  ])('that %s answers by itself, and does not keep that answer', async (_, scenario, errorType) => {
    await provider.does(scenario);
    await using gateway = await start({ PROVIDER_FIRST_CHUNK_TIMEOUT_MS: '300' });
    const stream = await EventStream.answer(gateway.url, QUESTION);
    expect(stream.text).toBe(EMBEDDED);
    expect(stream.end).toMatchObject({
      type: 'done',
      data: { provider: 'embedded', model: 'extractive', failover: true, cached: false },
    });
    const trace = await traceOf(gateway, stream);
    expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe('completed');
    expect(stageOf(trace, '5.0_LLM_STREAMING')).toMatchObject({
      outcome: 'ok',
      attributes: { answeredBy: 'embedded extractive', failover: true },
    });
    expect(stagesOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject([
      { outcome: 'error', errorType, attributes: { attempt: 1, provider: 'openai' } },
      { outcome: 'ok', attributes: { attempt: 2, provider: 'embedded' } },
    ]);
    expect(() => stageOf(trace, '6.0_CACHE_STORE')).toThrow('no stage');

    await provider.does({});
    const later = await EventStream.answer(gateway.url, QUESTION);
    expect([later.text, later.end?.data.failover]).toEqual([ANSWER, false]);
  });

  it('lets a silent provider go', async () => {
    await provider.does({ stallsAfter: 0 });
    await using gateway = await start({ PROVIDER_FIRST_CHUNK_TIMEOUT_MS: '300' });
    await EventStream.answer(gateway.url, QUESTION);
    expect(await provider.call(1)).toMatchObject({ wasAborted: true, outputTokens: 0 });
  });

  it('asks the second model before it answers by itself', async () => {
    await using second = await Provider.start();
    await provider.does({ status: 500 });
    await using gateway = await start({
      OPENAI_FALLBACK_BASE_URL: second.baseUrl,
      OPENAI_FALLBACK_MODEL: 'backup',
    });
    const answered = await EventStream.answer(gateway.url, QUESTION);
    expect(answered.text).toBe(ANSWER);
    expect(answered.end?.data).toMatchObject({
      provider: 'openai_compatible',
      model: 'backup',
      failover: true,
    });
    await second.does({ status: 500 });
    const alone = await EventStream.answer(gateway.url, QUESTION);
    expect(alone.text).toBe(EMBEDDED);
    const attempts = stagesOf(await traceOf(gateway, alone), '5.1_PROVIDER_ATTEMPT');
    expect(attempts.map(({ outcome, attributes }) => [outcome, attributes['attempt']])).toEqual([
      ['error', 1],
      ['error', 2],
      ['ok', 3],
    ]);
  });

  describe('after the first word', () => {
    it.each([
      ['because the connection is cut', { cutsAfter: 3 }],
      ['because it is silent', { stallsAfter: 3 }],
    ])('says so in the stream, %s, and in all that is recorded', async (_, scenario) => {
      await provider.does(scenario);
      await using gateway = await start({ PROVIDER_STALL_TIMEOUT_MS: '1000' });
      const stream = await EventStream.answer(gateway.url, QUESTION);
      expect(stream.events.map(({ type }) => type)).toEqual(['sources', 'token', 'token', 'token', 'error']);
      expect(stream.text).toBe('The cat sat');
      expect(stream.end).toMatchObject({
        id: `${stream.traceId}:5`,
        data: {
          traceId: stream.traceId,
          error: 'upstream_error',
          message: 'The model failed in the middle of its answer. Ask again.',
          summary: { running: true, outcome: 'error', success: false },
        },
      });
      const told = stream.end?.data.summary as Summary;
      for (const stage of ['HTTP.1_REQUEST', 'HTTP.2_STREAM', '5.0_LLM_STREAMING']) {
        expect(stageOf(told, stage)).toMatchObject({ outcome: 'error', success: false });
      }
      expect(stageOf(told, '3.0_RETRIEVAL').outcome).toBe('ok');
      expect(stream.response.complete).toBe(true);

      const trace = await traceOf(gateway, stream);
      const failed = { outcome: 'error', errorType: 'UpstreamError' };
      expect(trace).toMatchObject({ outcome: 'error', success: false });
      expect(stageOf(trace, 'HTTP.2_STREAM')).toMatchObject({ ending: 'upstream_error', ...failed });
      expect(stageOf(trace, '5.0_LLM_STREAMING')).toMatchObject(failed);
      expect(stagesOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject([{ outcome: 'error' }]);
      expect(() => stageOf(trace, '6.0_CACHE_STORE')).toThrow('no stage');
      const line = gateway.linesOf(stream.traceId).find(({ event }) => event === 'sse');
      expect(line).toMatchObject({ ending: 'upstream_error', outcome: 'error' });
      const scrape = await Scrape.of(gateway.url);
      expect(scrape.sum('sse_connections_closed_total', { ending: 'upstream_error' })).toBe(1);
      expect(scrape.sum('sse_connections_closed_total')).toBe(1);
    });

    it('tells everybody who shares the answer', async () => {
      await provider.does({ stallsAfter: 2 });
      await using gateway = await start({ PROVIDER_STALL_TIMEOUT_MS: '1000' });
      const first = await EventStream.search(gateway.url, QUESTION);
      await first.until(({ events }) => events.length === 3);
      const second = await EventStream.answer(gateway.url, QUESTION);
      await first.closed;
      for (const stream of [first, second]) {
        expect(stream.events.map(({ type }) => type)).toEqual(['sources', 'token', 'token', 'error']);
        expect(stream.end?.data).toMatchObject({ traceId: stream.traceId, error: 'upstream_error' });
        const trace = await traceOf(gateway, stream);
        expect(stageOf(trace, 'HTTP.2_STREAM')).toMatchObject({ ending: 'upstream_error', outcome: 'error' });
      }
      expect(await provider.calls()).toHaveLength(1);
    });

    it('tells a client that comes back by itself that there is no more, and does not ask the model again', async () => {
      await provider.does({ cutsAfter: 3 });
      await using gateway = await start();
      const { events, end } = await EventStream.answer(gateway.url, QUESTION);
      const again = await EventStream.answer(gateway.url, QUESTION, { 'Last-Event-ID': String(end?.id) });
      expect([again.response.statusCode, again.events]).toEqual([204, []]);
      const missed = await EventStream.answer(gateway.url, QUESTION, {
        'Last-Event-ID': String(events.at(-2)?.id),
      });
      expect(missed.events).toMatchObject([{ id: end?.id, type: 'error' }]);
      expect(await provider.calls()).toHaveLength(1);
    });
  });

  describe('again and again', () => {
    const isOpening = ({ msg }: { msg?: string }): boolean =>
      msg?.startsWith('openai gpt-4o fails and is left alone') === true;

    it('leaves it alone, and that is to be seen', async () => {
      await provider.does({ status: 500 });
      await using gateway = await start({
        PROVIDER_BREAKER_FAILURES: '2',
        PROVIDER_BREAKER_OPEN_MS: '600000',
      });
      await EventStream.answer(gateway.url, QUESTION);
      await EventStream.answer(gateway.url, QUESTION);
      const stream = await EventStream.answer(gateway.url, QUESTION);
      expect(stream.text).toBe(EMBEDDED);
      expect(await provider.calls()).toHaveLength(2);
      await gateway.line(isOpening);
      const trace = await traceOf(gateway, stream);
      expect(stageOf(trace, '5.2_SKIPPED_ATTEMPT')).toMatchObject({
        kind: 'internal',
        attributes: { attempt: 1, provider: 'openai', model: 'gpt-4o', circuit: 'open' },
      });
      expect(stagesOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject([
        { attributes: { provider: 'embedded' } },
      ]);
      const scrape = await Scrape.of(gateway.url);
      expect(scrape.sum('provider_requests_total', { provider: 'openai' })).toBe(2);
      expect(scrape.sum('request_stages_total', { stage: '5.2_SKIPPED_ATTEMPT' })).toBe(1);
    });

    it('asks it again after a while, and goes on when it answers', async () => {
      await provider.does({ status: 500 });
      await using gateway = await start({ PROVIDER_BREAKER_FAILURES: '1', PROVIDER_BREAKER_OPEN_MS: '1' });
      await EventStream.answer(gateway.url, QUESTION);
      await gateway.line(isOpening);
      await provider.does({});
      let answered: EventStream;
      do answered = await EventStream.answer(gateway.url, QUESTION);
      while (answered.end?.data.failover === true);
      expect(answered.text).toBe(ANSWER);
      await gateway.line(({ msg }) => msg === 'openai gpt-4o answers again');
    });

    it('counts failures after the first word, too', async () => {
      await provider.does({ cutsAfter: 3 });
      await using gateway = await start({
        PROVIDER_BREAKER_FAILURES: '2',
        PROVIDER_BREAKER_OPEN_MS: '600000',
      });
      const ends: (string | undefined)[] = [];
      for (let time = 0; time < 3; time += 1) {
        const { end } = await EventStream.answer(gateway.url, QUESTION);
        ends.push(end?.type);
      }
      expect(ends).toEqual(['error', 'error', 'done']);
    });

    it('does not count clients that leave', async () => {
      await using gateway = await start({ PROVIDER_BREAKER_FAILURES: '1' });
      await provider.does({ stallsAfter: 2 });
      const stream = await EventStream.search(gateway.url, QUESTION);
      await stream.until(({ events }) => events.length === 3);
      stream.leave();
      expect(await provider.call(1)).toMatchObject({ wasAborted: true });
      const trace = await traceOf(gateway, stream);
      expect(stagesOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject([{ outcome: 'cancelled' }]);
      await provider.does({});
      expect((await EventStream.answer(gateway.url, QUESTION)).end?.data.failover).toBe(false);
    });

    it('does not count what is refused because of the question', async () => {
      await using gateway = await start({ PROVIDER_BREAKER_FAILURES: '1' });
      await EventStream.answer(gateway.url, 'lamp');
      await provider.does({ status: 400 });
      expect((await EventStream.answer(gateway.url, QUESTION)).text).toBe(EMBEDDED);
      await provider.does({});
      expect((await EventStream.answer(gateway.url, QUESTION)).text).toBe(ANSWER);
    });
  });
});
