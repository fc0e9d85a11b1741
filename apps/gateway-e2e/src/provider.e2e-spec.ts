import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { Provider, type ReportedCall } from './support/provider.js';
import { getTrace } from './support/requests.js';
import { Scrape } from './support/scrape.js';
import { stageOf, stagesOf } from './support/summary.js';

const ANSWER = 'The cat sat on the mat.';
const EMBEDDED = 'A followspot is the stage light that keeps one performer lit wherever they move. [1]';
const MODEL = { provider: 'openai' };

interface Case {
  readonly scenario: object;
  /** What the client gets of the model before it leaves, or in all. Default: the whole answer. */
  readonly text?: string;
  /** After how many words the client leaves. Default: it stays. */
  readonly leavesAfter?: number;
  /** How the stream ends. Default `completed`. */
  readonly ending?: string;
  /** Whether the call fails as the provider knows it. Default false. */
  readonly fails?: boolean;
  /** Where the stage has its counts from. Default `provider`. */
  readonly usageSource?: string;
}

const CASES: Record<string, Case> = {
  'streams, and says the usage': { scenario: {} },
  'says the usage twice': { scenario: { usage: 'twice' } },
  'says that the usage is zero': { scenario: { usage: 'zeros' } },
  'says null as long as there is no usage': { scenario: { usage: 'null until the end' } },
  'says no usage': { scenario: { usage: 'none' }, usageSource: 'estimated' },
  'sends a chunk without choices first': { scenario: { emptyChoicesFirst: true } },
  'shows its thought and no text': { scenario: { reasons: true, reasoningTokens: 7 }, text: EMBEDDED },
  'wants to call a tool': { scenario: { onlyToolCalls: true }, text: EMBEDDED },
  'says nothing': { scenario: { words: [] }, text: EMBEDDED },
  'has too many requests': { scenario: { status: 429 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'has an error': { scenario: { status: 500 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'does not know the key': { scenario: { status: 401 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'cuts the connection before the first word': {
    scenario: { cutsAfter: 0 },
    text: EMBEDDED,
    fails: true,
    usageSource: 'estimated',
  },
  'cuts the connection in the middle': {
    scenario: { cutsAfter: 3 },
    text: 'The cat sat',
    ending: 'upstream_error',
    fails: true,
    usageSource: 'estimated',
  },
  'is left in the middle': {
    scenario: { stallsAfter: 3 },
    leavesAfter: 3,
    text: 'The cat sat',
    ending: 'client_disconnect',
    usageSource: 'estimated',
  },
  'is left in the middle and goes on': {
    scenario: { stallsAfter: 3, goesOnAfterAbort: true },
    leavesAfter: 3,
    text: 'The cat sat',
    ending: 'client_disconnect',
    usageSource: 'estimated',
  },
  'is left after the last word, before the usage': {
    scenario: { stallsAfter: 7 },
    leavesAfter: 7,
    ending: 'client_disconnect',
    usageSource: 'estimated',
  },
};

describe('a gateway in front of a provider', () => {
  let corpus: Corpus;
  let provider: Provider;
  let gateway: Gateway;
  let count = 0;

  beforeAll(async () => {
    corpus = await smallCorpus();
    provider = await Provider.start();
    gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      OPENAI_API_KEY: 'sk-e2e-secret',
      PROVIDER_BREAKER_FAILURES: '1000',
      ...provider.environment,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await provider[Symbol.asyncDispose]();
    await corpus[Symbol.asyncDispose]();
  });

  /** Asks something new, so that no answer is from the cache; resolves when everything is over and told. */
  const ask = async (leavesAfter = Infinity): Promise<{ stream: EventStream; call: ReportedCall }> => {
    const before = (await provider.calls()).length;
    const stream = await EventStream.search(gateway.url, `${QUESTION} ${++count}`);
    if (leavesAfter < Infinity) {
      await stream.until(({ events }) => events.length > leavesAfter);
      stream.leave();
    }
    await stream.closed;
    await gateway.requestLine(stream.traceId);
    const call = await provider.call(before + 1);
    expect(await provider.calls()).toHaveLength(before + 1);
    return { stream, call };
  };

  it.each(Object.keys(CASES))(
    'that %s: provider, stage and metrics say the same, and the client gets what there is',
    async (name) => {
      const { scenario, leavesAfter, text = ANSWER, ending = 'completed', ...given } = CASES[name] as Case;
      const { fails = false, usageSource = 'provider' } = given;
      await provider.does(scenario);
      const before = await Scrape.of(gateway.url);
      const { stream, call } = await ask(leavesAfter);
      const after = await Scrape.of(gateway.url);
      const trace = await getTrace(gateway.url, stream.traceId);

      expect(stream.text).toBe(text);
      expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe(ending);
      expect(call.wasAborted).toBe(leavesAfter !== undefined);

      // What the provider said, or else what it produced as long as somebody was there.
      const tokens = fails && call.outputTokens === 0 ? undefined : call.outputTokens - call.tokensAfterAbort;
      const outputTokens = call.usageSaid?.completion_tokens ?? tokens;
      const attempts = stagesOf(trace, '5.1_PROVIDER_ATTEMPT').filter(
        ({ attributes }) => attributes['provider'] === 'openai',
      );
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.attributes).toMatchObject({ attempt: 1, model: 'gpt-4o', usageSource });
      expect(attempts[0]?.attributes['outputTokens']).toBe(outputTokens);
      expect(attempts[0]?.outcome).toBe(fails ? 'error' : leavesAfter === undefined ? 'ok' : 'cancelled');

      const grown = (metric: string, labels = {}): number =>
        after.sum(metric, { ...MODEL, ...labels }) - before.sum(metric, { ...MODEL, ...labels });
      expect(grown('provider_requests_total')).toBe(1);
      expect(grown('provider_errors_total')).toBe(fails ? 1 : 0);
      expect(grown('provider_tokens_total', { direction: 'output' })).toBe(outputTokens ?? 0);
    },
  );

  it('sends the trace id and a traceparent along', async () => {
    await provider.does({});
    const { stream, call } = await ask();
    expect(call.traceId).toBe(stream.traceId);
    expect(call.traceparent).toMatch(new RegExp(`^00-${stream.traceId}-[0-9a-f]{16}-01$`));
  });

  it('says who answered and what it cost', async () => {
    await provider.does({});
    const { stream } = await ask();
    expect(stream.end).toMatchObject({
      type: 'done',
      data: { provider: 'openai', model: 'gpt-4o', failover: false, cached: false },
    });
    const trace = await getTrace(gateway.url, stream.traceId);
    expect(stageOf(trace, '5.1_PROVIDER_ATTEMPT').attributes).toMatchObject({
      responseModel: 'gpt-4o-2024-08-06',
      finishReason: 'stop',
      // 11 tokens for 2.50 a million, 7 for 10.
      tokenCost: 0.000_097_5,
      costCurrency: 'USD',
    });
  });

  it('stops the call when the client leaves, and says what that answer had cost', async () => {
    await provider.does({ stallsAfter: 3 });
    const { stream, call } = await ask(3);
    expect(call).toMatchObject({ wasAborted: true, outputTokens: 3, tokensAfterAbort: 0 });
    const trace = await getTrace(gateway.url, stream.traceId);
    const { attributes } = stageOf(trace, '5.1_PROVIDER_ATTEMPT');
    expect(attributes).toMatchObject({ usageSource: 'estimated', outputTokens: 3, abandonedTokens: 3 });
    expect(attributes['inputTokens']).toBeGreaterThan(0);
    expect(attributes['abandonedCost']).toBeGreaterThan(0);
    expect(attributes['abortLagMs']).toBeGreaterThanOrEqual(0);
    expect(() => stageOf(trace, '6.0_CACHE_STORE')).toThrow('no stage');
  });

  it('asks a server without usage that does not know how to be asked for it', async () => {
    await using strict = await Provider.start();
    await strict.does({ refusesStreamOptions: true, usage: 'none' });
    await using other = await Gateway.start({ CORPUS_DIR: corpus.folder, ...strict.environment });
    for (const question of ['followspot', 'dimmer']) {
      const { text, traceId } = await EventStream.answer(other.url, question);
      expect(text).toBe(ANSWER);
      await other.requestLine(traceId);
      const attempts = stagesOf(await getTrace(other.url, traceId), '5.1_PROVIDER_ATTEMPT');
      // The server is asked in vain only once.
      const outcomes = attempts.map(({ outcome }) => outcome);
      expect(outcomes).toEqual(question === 'followspot' ? ['error', 'ok'] : ['ok']);
      expect(attempts.at(-1)?.attributes).toMatchObject({ usageSource: 'estimated', outputTokens: 7 });
    }
    expect((await strict.calls()).map(({ status }) => status)).toEqual([400, 200, 200]);
  });

  it('does the same when tracking is off, and still says in whose trace', async () => {
    await using other = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      EXECUTION_TRACKING_ENABLED: 'false',
      ...provider.environment,
    });
    for (const [scenario, text] of [
      [{ status: 500 }, EMBEDDED],
      [{}, ANSWER],
    ] as const) {
      await provider.does(scenario);
      const stream = await EventStream.answer(other.url, QUESTION);
      expect(stream.text).toBe(text);
      const call = (await provider.calls()).at(-1);
      expect(call).toMatchObject({
        traceId: stream.traceId,
        traceparent: expect.stringMatching(`^00-${stream.traceId}-[0-9a-f]{16}-00$`),
      });
    }
  });

  it('answers the next who ask the same from the cache, and names the model', async () => {
    await provider.does({});
    const question = 'Is a followspot cached?';
    await EventStream.answer(gateway.url, question);
    const before = (await provider.calls()).length;
    const { text, end } = await EventStream.answer(gateway.url, question);
    expect(text).toBe(ANSWER);
    expect(end?.data).toMatchObject({ cached: 'l1', provider: 'openai', model: 'gpt-4o', failover: false });
    expect(await provider.calls()).toHaveLength(before);
  });

  it('says at its start who will answer', async () => {
    await gateway.line(({ msg }) => msg === 'Answers are by openai gpt-4o, then embedded extractive');
  });

  it('never tells its key, not even when the provider quotes it', async () => {
    await provider.does({ status: 401 });
    const { stream } = await ask();
    const told = [stream.events, await getTrace(gateway.url, stream.traceId), gateway.lines];
    expect(JSON.stringify(told)).toContain('401 scenario 401: Bearer ***');
    expect(JSON.stringify(told)).not.toContain('sk-e2e-secret');
  });
});
