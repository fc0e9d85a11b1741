import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';
import { TrackStage } from '../track-stage.js';
import type { Cost, PricedCall, ProviderSupport } from './provider-support.js';

const CALL = { provider: 'openai', model: 'gpt-4o', stageId: 'LLM' } as const;

const text = (content: string): object => ({ model: 'gpt-4o-2024', choices: [{ delta: { content } }] });
const ROLE = { choices: [{ delta: { role: 'assistant', content: '' } }] };
const STOP = { choices: [{ delta: {}, finish_reason: 'stop' }] };
const usage = (input: number, output: number): object => ({
  choices: [],
  usage: { prompt_tokens: input, completion_tokens: output },
});

/** One chunk every 10 ms of the tracking's clock. */
async function* streamOf(tracking: Tracking, ...chunks: unknown[]): AsyncGenerator {
  for (const chunk of chunks) {
    await Promise.resolve();
    tracking.clock.advance(10);
    yield chunk;
  }
}

function webStreamOf(...chunks: unknown[]): ReadableStream<unknown> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function read(stream: AsyncIterable<unknown>, atMost = Infinity): Promise<number> {
  let count = 0;
  if (atMost === 0) return count;
  for await (const _ of stream) {
    count += 1;
    if (count === atMost) break;
  }
  return count;
}

/** A tokenizer that takes words for tokens. */
const countTokens = (said: string): number => said.split(/\s+/).filter((word) => word !== '').length;

const supported = (provider: ProviderSupport = {}): Tracking => new Tracking({ provider });

describe('a provider stage', () => {
  it('records when the content came, and takes neither role, finish nor usage for content', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      tracking.clock.advance(100);
      const chunks = [ROLE, text('one'), text(' two'), text(' three'), STOP, usage(7, 41)];
      await read(tracking.tracker.trackProvider(CALL, () => streamOf(tracking, ...chunks)));
    });
    expect(tracking.stage('LLM')).toMatchObject({ kind: 'provider', outcome: 'ok', durationMs: 60 });
    expect(tracking.stage('LLM').attributes).toEqual({
      provider: 'openai',
      model: 'gpt-4o',
      operation: 'chat',
      responseModel: 'gpt-4o-2024',
      chunks: 3,
      timeToFirstChunkMs: 20,
      timeToFirstChunkFromRequestMs: 120,
      gapMeanMs: 10,
      gapP95Ms: 10,
      gapMaxMs: 10,
      tokensPerSecond: 2_000,
      inputTokens: 7,
      outputTokens: 41,
      usageSource: 'provider',
      finishReason: 'stop',
    });
  });

  it('tells the gap that nineteen of twenty do not exceed, exactly where one was the only one', async () => {
    const gapsOf = async (...gaps: number[]): Promise<object> => {
      const tracking = new Tracking();
      async function* chunks(): AsyncGenerator {
        yield text('first');
        for (const gapMs of gaps) {
          tracking.clock.advance(gapMs);
          yield text('next');
        }
        yield STOP;
      }
      await tracking.run(() => read(tracking.tracker.trackProvider(CALL, chunks)));
      return tracking.stage('LLM').attributes;
    };
    expect(await gapsOf()).not.toHaveProperty('gapP95Ms');
    expect(await gapsOf(7)).toMatchObject({ gapMeanMs: 7, gapP95Ms: 7, gapMaxMs: 7 });
    expect(await gapsOf(400, 7)).toMatchObject({ gapP95Ms: 400, gapMaxMs: 400 });
    const calm = Array.from({ length: 38 }, () => 20);
    const { gapP95Ms, ...others } = (await gapsOf(5_000, ...calm, 3_000)) as Record<string, number>;
    expect(Math.abs(gapP95Ms! - 20)).toBeLessThanOrEqual(0.5);
    expect(others).toMatchObject({ gapMeanMs: 219, gapMaxMs: 5_000 });
  });

  it('does not count the time between the return of a stream and its first use as waiting for the first chunk', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = await tracking.tracker.trackProvider(CALL, async () => {
        tracking.clock.advance(5);
        return streamOf(tracking, text('one'));
      });
      tracking.clock.advance(1_000);
      await read(stream);
    });
    expect(tracking.stage('LLM').attributes).toMatchObject({
      timeToFirstChunkMs: 15,
      timeToFirstChunkFromRequestMs: 1_015,
    });
  });

  it('reads the answer that a promise brings as a whole, and claims no first chunk for it', async () => {
    const tracking = new Tracking();
    const answer = {
      model: 'm',
      choices: [{ message: { content: 'four' }, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 0,
        completion_tokens: 0,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    };
    await tracking.run(async () => {
      expect(await tracking.tracker.trackProvider(CALL, async () => answer)).toBe(answer);
    });
    expect(tracking.stage('LLM').attributes).toEqual({
      provider: 'openai',
      model: 'gpt-4o',
      operation: 'chat',
      responseModel: 'm',
      finishReason: 'length',
      inputTokens: 0,
      outputTokens: 0,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      usageSource: 'provider',
    });
  });

  it('believes the usage that it was told last', async () => {
    const tracking = new Tracking();
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider(CALL, () =>
          streamOf(
            tracking,
            { ...text('one'), usage: { prompt_tokens: 3, completion_tokens: 1 } },
            usage(3, 9),
          ),
        ),
      ),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({ inputTokens: 3, outputTokens: 9 });
  });

  it('puts together what is said of the request first and of the answer at the end', async () => {
    const tracking = new Tracking();
    const reader = (chunk: unknown): object => ({ usage: chunk });
    const parts = [{ inputTokens: 9, outputTokens: 1, cachedInputTokens: 0 }, { outputTokens: 30 }];
    await tracking.run(() =>
      read(tracking.tracker.trackProvider({ ...CALL, reader }, () => streamOf(tracking, ...parts))),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({
      inputTokens: 9,
      outputTokens: 30,
      cachedInputTokens: 0,
    });
  });

  it.each([-1, 1.5, Number.NaN, '12', null, {}])('takes %p for no count of tokens', async (tokens) => {
    const tracking = new Tracking();
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider(CALL, () =>
          streamOf(tracking, { choices: [], usage: { prompt_tokens: tokens, completion_tokens: tokens } }),
        ),
      ),
    );
    const { attributes } = tracking.stage('LLM');
    expect(attributes['usageSource']).toBe('unknown');
    expect(attributes).not.toHaveProperty('outputTokens');

    const reader = (): object => ({ usage: { inputTokens: tokens, outputTokens: tokens } });
    await tracking.run(() =>
      read(tracking.tracker.trackProvider({ ...CALL, reader }, () => streamOf(tracking, 1))),
    );
    expect(tracking.stage('LLM').attributes).toEqual({
      provider: 'openai',
      model: 'gpt-4o',
      operation: 'chat',
      chunks: 0,
      usageSource: 'unknown',
    });
  });

  it('leaves reasoning that nobody saw out of the speed of what was streamed', async () => {
    const tracking = new Tracking();
    const thought = {
      choices: [],
      usage: {
        prompt_tokens: 1,
        completion_tokens: 1_002,
        completion_tokens_details: { reasoning_tokens: 1_000 },
      },
    };
    await tracking.run(() =>
      read(tracking.tracker.trackProvider(CALL, () => streamOf(tracking, text('a'), text('b'), thought))),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({ tokensPerSecond: 100, reasoningTokens: 1_000 });
  });

  it.each([
    ['the consumer breaks off', 'cancelled', 2],
    ['the stream ends without a word about usage', 'ok', Infinity],
  ])('estimates the tokens when %s, and says so', async (_, outcome, atMost) => {
    const tracking = supported({ countTokens });
    const prompt = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [{ type: 'text', text: 'what is it' }] },
    ];
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider({ ...CALL, prompt }, () =>
          streamOf(tracking, text('ho'), text('use and'), text(' gar'), STOP),
        ),
        atMost,
      ),
    );
    const { outcome: ended, attributes } = tracking.stage('LLM');
    expect(ended).toBe(outcome);
    expect(attributes).toMatchObject({
      usageSource: 'estimated',
      inputTokens: 5 + 9,
      outputTokens: outcome === 'ok' ? 3 : 2,
    });
  });

  it('counts a long answer piece by piece, to the same sum', async () => {
    const tracking = supported({ countTokens });
    const words = 'ab cde fgh '.repeat(5_000);
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider(CALL, () => streamOf(tracking, ...[0, 1, 2].map(() => text(words)))),
      ),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({ outputTokens: 45_000 });
  });

  it.each([
    ['nothing has come', { countTokens }, 0],
    ['there is no tokenizer', {}, 2],
    ['the tokenizer is not there yet', { countTokens: () => undefined }, 2],
    [
      'the tokenizer fails',
      {
        countTokens: () => {
          throw new Error('no');
        },
      },
      2,
    ],
  ])('says that it does not know when %s', async (_, support, chunks) => {
    const tracking = supported(support);
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider(CALL, () =>
          streamOf(tracking, ROLE, ...Array.from({ length: chunks }, () => text('word'))),
        ),
      ),
    );
    const { attributes } = tracking.stage('LLM');
    expect(attributes['usageSource'] ?? 'unknown').toBe('unknown');
    expect(attributes).not.toHaveProperty('outputTokens');
    expect(attributes['chunks']).toBe(chunks);
  });

  it('records what a call cost, by the model that answered and the one that was asked for', async () => {
    const asked: PricedCall[] = [];
    const cost: Cost = { tokenCost: 0, totalCost: 0, currency: 'EUR', source: 'table', date: '2026-11-21' };
    const tracking = supported({
      costOf: (call) => {
        asked.push(call);
        return cost;
      },
    });
    await tracking.run(() =>
      read(tracking.tracker.trackProvider(CALL, () => streamOf(tracking, text('x'), usage(2, 1)))),
    );
    expect(asked).toMatchObject([{ provider: 'openai', models: ['gpt-4o-2024', 'gpt-4o'] }]);
    expect(tracking.stage('LLM').attributes).toMatchObject({
      tokenCost: 0,
      costCurrency: 'EUR',
      costSource: 'table',
      costDate: '2026-11-21',
    });
    expect(tracking.tracker.getDropCounts().unpricedCalls).toBe(0);
  });

  it('counts a call whose price nobody knows', async () => {
    const tracking = supported({ costOf: () => undefined });
    await tracking.run(() =>
      read(tracking.tracker.trackProvider(CALL, () => streamOf(tracking, text('x'), usage(2, 1)))),
    );
    expect(tracking.stage('LLM').attributes).not.toHaveProperty('tokenCost');
    expect(tracking.tracker.getDropCounts().unpricedCalls).toBe(1);
  });

  it('fails with the error of the stream, and keeps what came before', async () => {
    const tracking = supported({ countTokens });
    await tracking.run(async () => {
      const failing = tracking.tracker.trackProvider(CALL, async function* () {
        yield* streamOf(tracking, text('one'));
        throw new Error('cut');
      });
      await expect(read(failing)).rejects.toThrow('cut');
    });
    expect(tracking.stage('LLM')).toMatchObject({ outcome: 'error', errorMessage: 'cut' });
    expect(tracking.stage('LLM').attributes).toMatchObject({ chunks: 1, outputTokens: 1 });
  });

  it('is written down once when its trace ends before it', async () => {
    const tracking = supported({ countTokens });
    let stream: AsyncGenerator | undefined;
    await tracking.run(async () => {
      stream = tracking.tracker.trackProvider(CALL, () => streamOf(tracking, text('one'), text(' two')));
      await stream.next();
    });
    await stream?.next();
    await stream?.return(undefined);
    const stages = tracking.all.stageIds.filter((id) => id === 'LLM');
    expect(stages).toHaveLength(1);
    expect(tracking.stage('LLM')).toMatchObject({ outcome: 'cancelled', attributes: { outputTokens: 1 } });
  });

  it('follows the answer of a web stream, too', async () => {
    const tracking = new Tracking();
    await tracking.run(() =>
      read(tracking.tracker.trackProvider(CALL, () => webStreamOf(text('one'), text('two'), usage(1, 2)))),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({ chunks: 2, outputTokens: 2 });
  });

  it('reads chunks of a shape of its own', async () => {
    const tracking = new Tracking();
    const reader = (chunk: unknown): object => ({ text: 'x', usage: { outputTokens: chunk as number } });
    await tracking.run(() =>
      read(tracking.tracker.trackProvider({ ...CALL, reader }, () => streamOf(tracking, 1, 2))),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({ chunks: 2, outputTokens: 2 });
  });

  it('goes on when the reader, the price table and the redaction fail', async () => {
    const fails = (): never => {
      throw new Error('mine');
    };
    const tracking = supported({ costOf: fails, prepare: fails, captureContent: true, redact: fails });
    await tracking.run(async () => {
      const reader = (chunk: unknown): object =>
        chunk === 1 ? fails() : { text: 'x', usage: { inputTokens: 1, outputTokens: 2 } };
      const stream = tracking.tracker.trackProvider({ ...CALL, reader }, () => streamOf(tracking, 1, 2));
      expect(await read(stream)).toBe(2);
    });
    expect(tracking.stage('LLM').attributes).toMatchObject({ chunks: 1, outputTokens: 2 });
    expect(tracking.stage('LLM').attributes).not.toHaveProperty('answer');
    expect(tracking.tracker.getDropCounts().internalErrors).toBe(4);
  });

  it('measures each further use of a stream by itself, also with the prompt', async () => {
    const tracking = supported({ countTokens });
    const prompt = [{ role: 'user', content: 'one two' }];
    await tracking.run(async () => {
      const stream = tracking.tracker.trackProvider({ ...CALL, prompt }, () => ({
        [Symbol.asyncIterator]: () => streamOf(tracking, text('three')),
      }));
      await read(stream);
      await read(stream);
    });
    const uses = tracking.root.substages.map(({ attributes }) => attributes);
    expect(uses).toMatchObject([
      { inputTokens: 8, outputTokens: 1 },
      { inputTokens: 8, outputTokens: 1 },
    ]);
  });

  it('may be the root of a trace of its own', async () => {
    const tracking = supported({ countTokens });
    await read(
      tracking.tracker.runTrace('JOB', () => streamOf(tracking, text('one two')), {
        threadId: 't',
        provider: () => ({ provider: 'vllm' }),
      }),
    );
    expect(tracking.root).toMatchObject({
      kind: 'provider',
      attributes: { provider: 'vllm', outputTokens: 2 },
    });
  });

  it('is a plain call outside every trace', async () => {
    const tracking = new Tracking();
    const stream = streamOf(tracking, text('one'));
    expect(tracking.tracker.trackProvider(CALL, () => stream)).toBe(stream);
  });
});

describe('prompts and answers', () => {
  const secretive = { ...CALL, prompt: 'my key is sk-123' };

  it('are not recorded', async () => {
    const tracking = supported({ countTokens });
    await tracking.run(() =>
      read(tracking.tracker.trackProvider(secretive, () => streamOf(tracking, text('yours is sk-456')))),
    );
    expect(JSON.stringify(tracking.summary)).not.toMatch(/sk-|key|yours/);
  });

  it('are recorded on demand, redacted and then cut', async () => {
    const tracking = new Tracking({
      limits: { contentLength: 12 },
      provider: { captureContent: true, redact: (said) => said.replaceAll(/sk-\d+/g, '***') },
    });
    await tracking.run(() =>
      read(
        tracking.tracker.trackProvider(secretive, () =>
          streamOf(tracking, text('it is sk-4'), text('56'), text(' and so on and so on')),
        ),
      ),
    );
    expect(tracking.stage('LLM').attributes).toMatchObject({
      prompt: 'my key is **',
      answer: 'it is ***',
    });
  });
});

describe('an answer that nobody waits for any longer', () => {
  it('is recorded as abandoned, with what it came to', async () => {
    const tracking = supported({
      countTokens,
      costOf: () => ({
        tokenCost: 0.5,
        totalCost: 0.75,
        currency: 'USD',
        source: 'table',
        date: '2026-11-21',
      }),
    });
    const { promise: left, resolve: leave } = Promise.withResolvers<undefined>();
    const { root } = tracking.recorder.openTrace(
      {
        stageId: 'ROOT',
        stageName: 'Root',
        kind: 'request',
        metadata: {},
        force: false,
        followThenable: false,
      },
      { threadId: 't' },
    );
    const reading = root?.run(() =>
      read(
        tracking.tracker.trackProvider({ ...CALL, prompt: 'one two' }, async function* () {
          yield text('three four');
          await left;
          // As some SDKs do when their signal aborts: the stream ends as if it were complete.
        }),
      ),
    );
    await new Promise(setImmediate);
    root?.trace.abort(tracking.clock.now());
    root?.trace.whenStopped(() => {
      root.cancel();
    });
    tracking.clock.advance(3);
    leave(undefined);
    await reading;
    expect(tracking.stage('LLM').outcome).toBe('cancelled');
    expect(tracking.stage('LLM').attributes).toMatchObject({
      usageSource: 'estimated',
      outputTokens: 2,
      abandonedTokens: 2,
      abandonedCost: 0.75,
      abortLagMs: 3,
    });
  });
});

describe('@TrackStage with a provider', () => {
  const tracking = supported({ countTokens });

  class Model {
    readonly words = ['one', ' two'];

    @TrackStage('FIXED', { provider: { provider: 'vllm', operation: 'text_completion' } })
    async *fixed(): AsyncGenerator<string> {
      yield* this.words;
    }

    @TrackStage('ASKED', {
      kind: 'provider',
      provider: (model: string, prompt: string) => ({ provider: 'vllm', model, prompt }),
    })
    async *asked(_model: string, _prompt: string): AsyncGenerator<string> {
      yield* this.words;
    }
  }

  it('says what is called where the method is declared', async () => {
    await tracking.run(() => read(new Model().fixed()));
    expect(tracking.stage('FIXED')).toMatchObject({
      kind: 'provider',
      attributes: { provider: 'vllm', operation: 'text_completion', chunks: 2, outputTokens: 2 },
    });
  });

  it('or reads it off the arguments of each call', async () => {
    await tracking.run(() => read(new Model().asked('llama', 'and the prompt')));
    expect(tracking.stage('ASKED').attributes).toMatchObject({ model: 'llama', inputTokens: 3 });
  });

  it('works on when that fails', async () => {
    await tracking.run(async () => {
      expect(await read(Reflect.apply(new Model().asked, new Model(), []) as AsyncGenerator)).toBe(2);
    });
    expect(tracking.stage('ASKED').kind).toBe('provider');
  });

  it.each([
    [{ provider: { provider: '' } }, 'provider.provider must be the name of a provider'],
    [{ provider: { provider: 'x', model: 4 } }, 'provider.model must be a string, got number'],
    [{ provider: { provider: 'x', reader: 'y' } }, 'provider.reader must be a function'],
    [{ kind: 'cache', provider: { provider: 'x' } }, 'is for the kind provider, got cache'],
  ])('refuses %j', (options, message) => {
    expect(() => TrackStage('BAD', options as object)).toThrow(message);
  });
});
