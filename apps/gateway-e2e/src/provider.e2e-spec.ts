import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { Provider, type ReportedCall } from './support/provider.js';
import { getTrace } from './support/requests.js';
import { Scrape } from './support/scrape.js';
import { type StageNode, stageOf, stagesOf } from './support/summary.js';

const ANSWER = 'The cat sat on the mat.';
const EMBEDDED = 'A followspot is the stage light that keeps one performer lit wherever they move. [1]';
/** What the model costs by the public price table, for a million. */
const PRICES = { input: 2.5, cachedInput: 1.25, output: 10 };

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
  /** Whether the gateway waits for only a second. Default false. */
  readonly isImpatient?: boolean;
  /** Where the counts are from. Default `provider`. */
  readonly usageSource?: 'provider' | 'estimated' | 'unknown';
}

// First those of which nothing, or not all, is known, as long as there are no series: it is seen that they make none.
const CASES: Record<string, Case> = {
  'has too many requests': { scenario: { status: 429 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'has an error': { scenario: { status: 500 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'does not know the key': { scenario: { status: 401 }, text: EMBEDDED, fails: true, usageSource: 'unknown' },
  'cuts the connection before the first word': {
    scenario: { cutsAfter: 0 },
    text: EMBEDDED,
    fails: true,
    usageSource: 'estimated',
  },
  'is silent before the first word': {
    scenario: { stallsAfter: 0 },
    isImpatient: true,
    text: EMBEDDED,
    fails: true,
    usageSource: 'estimated',
  },
  'is silent in the middle': {
    scenario: { stallsAfter: 3 },
    isImpatient: true,
    text: 'The cat sat',
    ending: 'upstream_error',
    fails: true,
    usageSource: 'estimated',
  },
  'streams, and says the usage': { scenario: {} },
  'says the usage twice': { scenario: { usage: 'twice' } },
  'says that the usage is zero': { scenario: { usage: 'zeros' } },
  'says null as long as there is no usage': { scenario: { usage: 'null until the end' } },
  'says no usage': { scenario: { usage: 'none' }, usageSource: 'estimated' },
  'sends a chunk without choices first': { scenario: { emptyChoicesFirst: true } },
  'shows its thought and no text': { scenario: { reasons: true, reasoningTokens: 7 }, text: EMBEDDED },
  'wants to call a tool': { scenario: { onlyToolCalls: true }, text: EMBEDDED },
  'says nothing': { scenario: { words: [] }, text: EMBEDDED },
  'has some of the prompt in its cache': { scenario: { cachedTokens: 4, reasoningTokens: 0 } },
  'says that it has nothing in its cache': { scenario: { cachedTokens: 0 } },
  'stops at the limit that it was given': {
    scenario: { isEndless: true },
    text: `${ANSWER}${ANSWER}The cat`,
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

type Said = number | 'estimated' | undefined;

/** What a stage has to say of a call, in terms of what the provider did. Undefined: nothing. */
function saidBy(call: ReportedCall, usageSource: string): Record<string, Said> {
  const { status, usageSaid, outputTokens, tokensAfterAbort } = call;
  const received = outputTokens - tokensAfterAbort;
  const chunks = status === 200 ? received : undefined;
  if (usageSource === 'unknown') {
    return { chunks, ...{ inputTokens: undefined, outputTokens: undefined, tokenCost: undefined } };
  }
  if (usageSource === 'estimated') {
    // Of a call that brought nothing it is known that it has sent its prompt, and not what the answer would have cost.
    const answered =
      received > 0
        ? ({ outputTokens: received, tokenCost: 'estimated' } as const)
        : { outputTokens: undefined, tokenCost: undefined };
    return { chunks, inputTokens: 'estimated', ...answered };
  }
  if (usageSaid === undefined) throw new Error('the provider said no usage');
  const { prompt_tokens: input, completion_tokens: output } = usageSaid;
  const cached = usageSaid.prompt_tokens_details?.cached_tokens;
  const cost =
    (input - (cached ?? 0)) * PRICES.input + (cached ?? 0) * PRICES.cachedInput + output * PRICES.output;
  return {
    ...{ chunks, inputTokens: input, outputTokens: output, cachedInputTokens: cached },
    reasoningTokens: usageSaid.completion_tokens_details?.reasoning_tokens,
    tokenCost: cost / 1_000_000,
  };
}

describe('a gateway in front of a provider', () => {
  let corpus: Corpus;
  let provider: Provider;
  let gateway: Gateway;
  let impatient: Gateway;
  let count = 0;

  beforeAll(async () => {
    corpus = await smallCorpus();
    provider = await Provider.start();
    const environment = {
      CORPUS_DIR: corpus.folder,
      OPENAI_API_KEY: 'sk-e2e-secret',
      PROVIDER_BREAKER_FAILURES: '1000',
      ANSWER_MAX_TOKENS: '16',
      MONTHLY_BUDGET: '1',
      ...provider.environment,
    };
    const timeouts = { PROVIDER_FIRST_CHUNK_TIMEOUT_MS: '1000', PROVIDER_STALL_TIMEOUT_MS: '1000' };
    [gateway, impatient] = await Promise.all([
      Gateway.start(environment),
      Gateway.start({ ...environment, ...timeouts }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([gateway.stop(), impatient.stop()]);
    await provider[Symbol.asyncDispose]();
    await corpus[Symbol.asyncDispose]();
  });

  /** Asks something new, so that no answer is from the cache; resolves when everything is over and told. */
  const ask = async (
    leavesAfter = Infinity,
    asked = gateway,
  ): Promise<{ stream: EventStream; call: ReportedCall }> => {
    const before = (await provider.calls()).length;
    const stream = await EventStream.search(asked.url, `${QUESTION} ${++count}`);
    if (leavesAfter < Infinity) {
      await stream.until(({ events }) => events.length > leavesAfter);
      stream.leave();
    }
    await stream.closed;
    await asked.requestLine(stream.traceId);
    const call = await provider.call(before + 1);
    expect(await provider.calls()).toHaveLength(before + 1);
    return { stream, call };
  };

  it.each(Object.keys(CASES))(
    'that %s: provider, stage and metrics say the same, and the client gets what there is',
    async (name) => {
      const { scenario, leavesAfter, text = ANSWER, ending = 'completed', ...given } = CASES[name] as Case;
      const { fails = false, isImpatient = false, usageSource = 'provider' } = given;
      const { url } = isImpatient ? impatient : gateway;
      await provider.does(scenario);
      const before = await Scrape.of(url);
      const { stream, call } = await ask(leavesAfter, isImpatient ? impatient : gateway);
      const after = await Scrape.of(url);
      const trace = await getTrace(url, stream.traceId);
      const hasLeft = leavesAfter !== undefined;

      expect(stream.text).toBe(text);
      expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe(ending);
      expect(call.wasAborted).toBe(hasLeft || isImpatient);
      const attempts = stagesOf(trace, '5.1_PROVIDER_ATTEMPT').filter(
        ({ attributes }) => attributes['provider'] === 'openai',
      );
      expect(attempts).toHaveLength(1);
      const { outcome, attributes } = attempts[0] as StageNode;
      expect(outcome).toBe(fails ? 'error' : hasLeft ? 'cancelled' : 'ok');
      expect(attributes).toMatchObject({ attempt: 1, model: 'gpt-4o', usageSource });

      const says = saidBy(call, usageSource);
      for (const [attribute, said] of Object.entries(says)) {
        if (said === undefined) expect(attributes).not.toHaveProperty(attribute);
        else if (said === 'estimated') expect(attributes[attribute]).toBeGreaterThan(0);
        else expect(attributes[attribute]).toBeCloseTo(said, 12);
      }

      const expectEvents = (metric: string, labels: object, count: number): void => {
        const series = { provider: 'openai', ...labels };
        expect([metric, after.sum(metric, series) - before.sum(metric, series)]).toEqual([metric, count]);
      };
      expectEvents('provider_requests_total', {}, 1);
      expectEvents('provider_errors_total', {}, Number(fails));
      for (const source of ['provider', 'estimated', 'unknown']) {
        expectEvents('provider_usage_total', { usage_source: source }, Number(source === usageSource));
      }
      expectEvents('provider_unpriced_total', {}, Number(attributes['tokenCost'] === undefined));
      expectEvents('provider_abandoned_total', { route: '/search' }, Number(hasLeft));

      /** @param amount Undefined: nobody knows, and then there is no series, or it stays as it was. Of 0 there is one. */
      const expectAmount = (metric: string, labels: object, amount: unknown): void => {
        const series = { provider: 'openai', ...labels };
        const [earlier, now] = [before.value(metric, series), after.value(metric, series)];
        if (amount === undefined) expect([metric, now]).toEqual([metric, earlier]);
        else expect(now).toBeCloseTo((earlier ?? 0) + Number(amount), 12);
      };
      expectAmount('provider_tokens_total', { direction: 'input' }, attributes['inputTokens']);
      expectAmount('provider_tokens_total', { direction: 'output' }, attributes['outputTokens']);
      expectAmount('provider_token_parts_total', { part: 'cached_input' }, attributes['cachedInputTokens']);
      expectAmount('provider_token_parts_total', { part: 'reasoning_output' }, attributes['reasoningTokens']);
      expectAmount('token_cost_total', { currency: 'USD' }, attributes['tokenCost']);
      expectAmount('provider_abandoned_tokens_total', { route: '/search' }, attributes['abandonedTokens']);
      expect(attributes['abandonedTokens']).toBe(hasLeft ? attributes['outputTokens'] : undefined);
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

  it('lets go of one that never stops, whatever limit it was given, and says so in the stream', async () => {
    await provider.does({ isEndless: true, ignoresLimit: true });
    const { stream, call } = await ask();
    // 16 tokens of 8 characters.
    expect(stream.text).toBe(`${ANSWER.repeat(5)}The cat sat`);
    expect(stream.end).toMatchObject({ type: 'error', data: { error: 'upstream_error' } });
    expect(call).toMatchObject({ wasAborted: true, maxTokens: 16 });
    const trace = await getTrace(gateway.url, stream.traceId);
    expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe('upstream_error');
    expect(stageOf(trace, '5.1_PROVIDER_ATTEMPT')).toMatchObject({
      outcome: 'error',
      errorType: 'AnswerTooLong',
      attributes: { usageSource: 'estimated' },
    });
  });

  it('is not kept by one whose thought never ends', async () => {
    await provider.does({ isEndless: true, ignoresLimit: true, reasons: true });
    const { stream, call } = await ask();
    expect([stream.text, stream.end?.type]).toEqual([EMBEDDED, 'done']);
    expect(call.wasAborted).toBe(true);
  });

  it('warns once when the monthly budget is passed', async () => {
    const isWarning = ({ msg }: { msg?: string }): boolean => msg?.startsWith('MONTHLY_BUDGET') === true;
    expect(gateway.lines.some(isWarning)).toBe(false);
    await provider.does({ inputTokens: 500_000 });
    await ask();
    expect(await gateway.line(isWarning)).toMatchObject({
      level: 40,
      msg: expect.stringMatching(/^MONTHLY_BUDGET is passed: 1\.25\d+ of 1 USD are spent in \d{4}-\d{2}$/),
    });
    await ask();
    expect(gateway.lines.filter(isWarning)).toHaveLength(1);
  });

  it('asks a server without usage and limit that does not know one of them', async () => {
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
    const calls = await strict.calls();
    expect(calls.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(calls.map(({ maxTokens }) => maxTokens)).toEqual([4_096, undefined, undefined]);
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
