import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
  /** Waits for a second, and always asks again. */
  let gateway: Gateway;
  let count = 0;

  beforeAll(async () => {
    corpus = await smallCorpus();
    provider = await Provider.start();
    gateway = await start({
      PROVIDER_FIRST_CHUNK_TIMEOUT_MS: '1000',
      PROVIDER_STALL_TIMEOUT_MS: '1000',
      PROVIDER_BREAKER_FAILURES: '1000',
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await provider[Symbol.asyncDispose]();
    await corpus[Symbol.asyncDispose]();
  });

  const start = (environment: Record<string, string>): Promise<Gateway> =>
    Gateway.start({ CORPUS_DIR: corpus.folder, ...provider.environment, ...environment });

  /** Something new, so that no answer is from the cache. */
  const newQuestion = (): string => `${QUESTION} ${++count}`;

  const traceOf = async (asked: Gateway, { traceId }: EventStream): Promise<Summary> => {
    await asked.requestLine(traceId);
    return getTrace(asked.url, traceId);
  };

  const countCalls = async (): Promise<number> => (await provider.calls()).length;

  it.each([
    ['answers with an error', { status: 500 }, 'InternalServerError'],
    ['is silent before the first word', { stallsAfter: 0 }, 'ProviderTimeout'],
  ])('that %s answers by itself, and does not keep that answer', async (_, scenario, errorType) => {
    await provider.does(scenario);
    const question = newQuestion();
    const stream = await EventStream.answer(gateway.url, question);
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
    const later = await EventStream.answer(gateway.url, question);
    expect([later.text, later.end?.data.failover]).toEqual([ANSWER, false]);
  });

  it('lets a silent provider go', async () => {
    await provider.does({ stallsAfter: 0 });
    await EventStream.answer(gateway.url, newQuestion());
    expect(await provider.call(await countCalls())).toMatchObject({ wasAborted: true, outputTokens: 0 });
  });

  it('asks the second model before it answers by itself', async () => {
    await using second = await Provider.start();
    await provider.does({ status: 500 });
    await using twofold = await start({
      OPENAI_FALLBACK_BASE_URL: second.baseUrl,
      OPENAI_FALLBACK_MODEL: 'backup',
    });
    const answered = await EventStream.answer(twofold.url, QUESTION);
    expect(answered.text).toBe(ANSWER);
    expect(answered.end?.data).toMatchObject({
      provider: 'openai_compatible',
      model: 'backup',
      failover: true,
    });
    await second.does({ status: 500 });
    const alone = await EventStream.answer(twofold.url, QUESTION);
    expect(alone.text).toBe(EMBEDDED);
    const attempts = stagesOf(await traceOf(twofold, alone), '5.1_PROVIDER_ATTEMPT');
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
      const before = await Scrape.of(gateway.url);
      const stream = await EventStream.answer(gateway.url, newQuestion());
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
      const after = await Scrape.of(gateway.url);
      const closed = (labels = {}): number =>
        after.sum('sse_connections_closed_total', labels) -
        before.sum('sse_connections_closed_total', labels);
      expect([closed({ ending: 'upstream_error' }), closed()]).toEqual([1, 1]);
    });

    it('tells everybody who shares the answer', async () => {
      await provider.does({ stallsAfter: 2 });
      const [question, before] = [newQuestion(), await countCalls()];
      const first = await EventStream.search(gateway.url, question);
      await first.until(({ events }) => events.length === 3);
      const second = await EventStream.answer(gateway.url, question);
      await first.closed;
      for (const stream of [first, second]) {
        expect(stream.events.map(({ type }) => type)).toEqual(['sources', 'token', 'token', 'error']);
        expect(stream.end?.data).toMatchObject({ traceId: stream.traceId, error: 'upstream_error' });
        const trace = await traceOf(gateway, stream);
        expect(stageOf(trace, 'HTTP.2_STREAM')).toMatchObject({ ending: 'upstream_error', outcome: 'error' });
      }
      expect(await countCalls()).toBe(before + 1);
    });

    it('tells a client that comes back by itself that there is no more, and does not ask the model again', async () => {
      await provider.does({ cutsAfter: 3 });
      const [question, before] = [newQuestion(), await countCalls()];
      const { events, end } = await EventStream.answer(gateway.url, question);
      const again = await EventStream.answer(gateway.url, question, { 'Last-Event-ID': String(end?.id) });
      expect([again.response.statusCode, again.events]).toEqual([204, []]);
      const missed = await EventStream.answer(gateway.url, question, {
        'Last-Event-ID': String(events.at(-2)?.id),
      });
      expect(missed.events).toMatchObject([{ id: end?.id, type: 'error' }]);
      expect(await countCalls()).toBe(before + 1);
    });
  });

  describe('again and again', () => {
    const isOpening = ({ msg }: { msg?: string }): boolean =>
      msg?.startsWith('openai gpt-4o fails and is left alone') === true;

    it('leaves it alone, whether it fails before its first word or after, and that is to be seen', async () => {
      await using wary = await start({ PROVIDER_BREAKER_FAILURES: '2', PROVIDER_BREAKER_OPEN_MS: '600000' });
      const before = await countCalls();
      await provider.does({ status: 500 });
      expect((await EventStream.answer(wary.url, QUESTION)).end?.type).toBe('done');
      await provider.does({ cutsAfter: 3 });
      expect((await EventStream.answer(wary.url, QUESTION)).end?.type).toBe('error');
      const stream = await EventStream.answer(wary.url, QUESTION);
      expect(stream.text).toBe(EMBEDDED);
      expect(await countCalls()).toBe(before + 2);
      await wary.line(isOpening);
      const trace = await traceOf(wary, stream);
      expect(stageOf(trace, '5.2_SKIPPED_ATTEMPT')).toMatchObject({
        kind: 'internal',
        attributes: { attempt: 1, provider: 'openai', model: 'gpt-4o', circuit: 'open' },
      });
      expect(stagesOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject([
        { attributes: { provider: 'embedded' } },
      ]);
      const scrape = await Scrape.of(wary.url);
      expect(scrape.sum('provider_requests_total', { provider: 'openai' })).toBe(2);
      expect(scrape.sum('request_stages_total', { stage: '5.2_SKIPPED_ATTEMPT' })).toBe(1);
    });

    it('asks it again after a while, and goes on when it answers', async () => {
      await provider.does({ status: 500 });
      await using brief = await start({ PROVIDER_BREAKER_FAILURES: '1', PROVIDER_BREAKER_OPEN_MS: '1' });
      await EventStream.answer(brief.url, QUESTION);
      await brief.line(isOpening);
      await provider.does({});
      let answered: EventStream;
      do answered = await EventStream.answer(brief.url, QUESTION);
      while (answered.end?.data.failover === true);
      expect(answered.text).toBe(ANSWER);
      await brief.line(({ msg }) => msg === 'openai gpt-4o answers again');
    });

    it('counts neither clients that leave nor what is refused because of the question', async () => {
      await using touchy = await start({ PROVIDER_BREAKER_FAILURES: '1' });
      await provider.does({ stallsAfter: 2 });
      const left = await EventStream.search(touchy.url, QUESTION);
      await left.until(({ events }) => events.length === 3);
      left.leave();
      expect(await provider.call(await countCalls())).toMatchObject({ wasAborted: true });
      const attempts = stagesOf(await traceOf(touchy, left), '5.1_PROVIDER_ATTEMPT');
      expect(attempts).toMatchObject([{ outcome: 'cancelled' }]);
      await provider.does({ status: 400 });
      expect((await EventStream.answer(touchy.url, QUESTION)).text).toBe(EMBEDDED);
      await provider.does({});
      const answered = await EventStream.answer(touchy.url, QUESTION);
      expect([answered.text, answered.end?.data.failover]).toEqual([ANSWER, false]);
    });
  });
});
