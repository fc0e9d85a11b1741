import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExecutionTracker, Recorder, type StageExecution } from '@followspot/core';
import { PrometheusSink } from '@followspot/sinks/prometheus';
import OpenAI from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import { Registry } from 'prom-client';
import { Observable } from 'rxjs';
import { observableShape } from '../rxjs/observable-shape.js';
import { CollectingSink } from '../testing/collecting-sink.js';
import { OpenAiServer, type Scenario, type ServedCall } from '../testing/openai-server.js';
import { ProviderMeasures } from './provider-measures.js';

const PROMPT = [{ role: 'user' as const, content: 'Where did the cat sit?' }];
const CALL = { provider: 'openai', model: 'gpt-4o', stageId: 'LLM', prompt: PROMPT } as const;
const ASKING: ChatCompletionCreateParamsStreaming = {
  model: 'gpt-4o',
  messages: PROMPT,
  stream: true,
  stream_options: { include_usage: true },
};

type Chunks = AsyncIterable<ChatCompletionChunk>;
type Create = (signal?: AbortSignal) => PromiseLike<Chunks>;

async function read(chunks: AsyncIterable<unknown>, atMost = Infinity): Promise<void> {
  let content = 0;
  for await (const chunk of chunks) {
    const { choices = [] } = chunk as Partial<ChatCompletionChunk>;
    content += choices.filter(({ delta }) => delta.content).length;
    if (content >= atMost) break;
  }
}

/** As an application would write it: who unsubscribes aborts the call. */
function observe(create: Create): Observable<ChatCompletionChunk> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    const run = async (): Promise<void> => {
      for await (const chunk of await create(abort.signal)) subscriber.next(chunk);
      subscriber.complete();
    };
    run().catch((error: unknown) => {
      subscriber.error(error);
    });
    return () => {
      abort.abort();
    };
  });
}

/** The three ways in which an application gets an answer by pieces. */
const WAYS: Record<string, (tracker: ExecutionTracker, create: Create, atMost: number) => Promise<void>> = {
  'the promise of the SDK': async (tracker, create, atMost) => {
    await read(await tracker.trackProvider(CALL, create), atMost);
  },
  'an async generator': async (tracker, create, atMost) => {
    const generator = tracker.trackProvider(CALL, async function* () {
      yield* await create();
    });
    await read(generator, atMost);
  },
  'an Observable': (tracker, create, atMost) =>
    new Promise((resolve, reject) => {
      let content = 0;
      const subscription = tracker
        .trackProvider(CALL, () => observe(create))
        .subscribe({
          next: ({ choices }) => {
            content += choices.filter(({ delta }) => delta.content).length;
            if (content < atMost) return;
            subscription.unsubscribe();
            resolve();
          },
          error: reject,
          complete: resolve,
        });
    }),
};

interface Case {
  readonly scenario: Scenario;
  /** What is asked for, where that is not the usual. */
  readonly asking?: Partial<ChatCompletionCreateParamsStreaming>;
  /** The consumer leaves after this much content. */
  readonly leavesAfter?: number;
  readonly outcome?: StageExecution['outcome'];
  /** Attributes of the stage, in terms of what the server did. */
  readonly says: (call: ServedCall) => Record<string, unknown>;
  readonly saysNothingOf?: readonly string[];
}

const provider = ({ inputTokens, outputTokens }: ServedCall): Record<string, unknown> => ({
  usageSource: 'provider',
  inputTokens,
  outputTokens,
  chunks: outputTokens,
});
/** 6 words and a mark, and what OpenAI's form adds to a message. */
const estimated = (outputTokens: number): Record<string, unknown> => ({
  usageSource: 'estimated',
  inputTokens: 6 + 6,
  outputTokens,
  chunks: outputTokens,
});

const CASES: Record<string, Case> = {
  'streams and sends the usage': {
    scenario: {},
    says: (call) => ({ ...provider(call), finishReason: 'stop' }),
  },
  'sends usage: null until the end': { scenario: { usage: 'null until the end' }, says: provider },
  'sends the usage twice': { scenario: { usage: 'twice' }, says: provider },
  'sends zeros': {
    scenario: { usage: 'zeros' },
    says: () => ({ usageSource: 'provider', inputTokens: 0, outputTokens: 0, tokenCost: 0, chunks: 7 }),
  },
  'is not asked for usage': {
    scenario: {},
    asking: { stream_options: null },
    says: (call) => estimated(call.outputTokens),
  },
  'sends no usage though it is asked': {
    scenario: { usage: 'none' },
    says: (call) => ({ ...estimated(call.outputTokens), finishReason: 'stop' }),
  },
  'sends a chunk without choices first': { scenario: { emptyChoicesFirst: true }, says: provider },
  'sends tool calls only': {
    scenario: { onlyToolCalls: true },
    says: (call) => ({ ...provider(call), finishReason: 'tool_calls' }),
  },
  'shows its thought': { scenario: { reasons: true, reasoningTokens: 7 }, says: provider },
  'has some input in its cache': {
    scenario: { cachedTokens: 4, reasoningTokens: 0 },
    says: (call) => ({ ...provider(call), cachedInputTokens: 4, reasoningTokens: 0 }),
  },
  'has nothing to say': {
    scenario: { words: [] },
    says: provider,
    saysNothingOf: ['timeToFirstChunkMs', 'tokensPerSecond'],
  },
  'is left after three words': {
    scenario: { stallsAfter: 3 },
    leavesAfter: 3,
    outcome: 'cancelled',
    says: (call) => estimated(call.outputTokens),
    saysNothingOf: ['finishReason'],
  },
  'is left and goes on': {
    scenario: { stallsAfter: 3, goesOnAfterAbort: true },
    leavesAfter: 3,
    outcome: 'cancelled',
    says: (call) => estimated(call.outputTokens - call.tokensAfterAbort),
  },
  'is left after the last word, before the usage': {
    scenario: { stallsAfter: 7 },
    leavesAfter: 7,
    outcome: 'cancelled',
    says: (call) => estimated(call.outputTokens),
  },
  'cuts the connection': {
    scenario: { cutsAfter: 4 },
    outcome: 'error',
    says: (call) => estimated(call.outputTokens),
    saysNothingOf: ['finishReason'],
  },
  'cuts the connection before the first word': {
    scenario: { cutsAfter: 0 },
    outcome: 'error',
    says: () => ({ usageSource: 'estimated', inputTokens: 6 + 6, chunks: 0 }),
    saysNothingOf: ['outputTokens', 'timeToFirstChunkMs', 'tokenCost'],
  },
  'has too many requests': {
    scenario: { status: 429 },
    outcome: 'error',
    says: () => ({ usageSource: 'unknown' }),
    saysNothingOf: ['chunks', 'inputTokens', 'outputTokens', 'tokenCost'],
  },
  'has failed': {
    scenario: { status: 500 },
    outcome: 'error',
    says: () => ({ usageSource: 'unknown' }),
    saysNothingOf: ['chunks', 'inputTokens', 'outputTokens', 'tokenCost'],
  },
};

describe('The official SDK of OpenAI, over HTTP', () => {
  let server: OpenAiServer;
  let client: OpenAI;
  let sink: CollectingSink;
  let recorder: Recorder;
  let tracker: ExecutionTracker;
  let registry: Registry;
  const measures = new ProviderMeasures({}, () => {});

  beforeAll(() => measures.load());
  beforeEach(async () => {
    server = await OpenAiServer.start();
    client = new OpenAI({ baseURL: server.baseUrl, apiKey: 'none', maxRetries: 0 });
    sink = new CollectingSink();
    registry = new Registry();
    const sinks = [sink, new PrometheusSink({ registry }).register()];
    recorder = new Recorder({ sampleRate: 1, provider: measures, shapes: [observableShape], sinks });
    sink.receivesFrom(recorder);
    tracker = new ExecutionTracker(recorder);
  });
  afterEach(() => server.close());
  afterAll(() => expect(measures.countTokens?.('The cat')).toBe(2));

  const stages = (): StageExecution[] =>
    sink.stages.map(({ stage }) => stage).filter(({ stageId }) => stageId === 'LLM');

  /** What the metrics say; undefined where there is no series, which is something else than 0. */
  const counted = async (): Promise<Record<string, number | undefined>> => {
    recorder.deliver();
    const lines = (await registry.metrics()).split('\n');
    const value = (metric: string, label = ''): number | undefined => {
      const line = lines.find((line) => line.startsWith(`${metric}{`) && line.includes(label));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
    };
    return {
      calls: value('provider_requests_total'),
      errors: value('provider_errors_total'),
      unpriced: value('provider_unpriced_total'),
      provider: value('provider_usage_total', 'usage_source="provider"'),
      estimated: value('provider_usage_total', 'usage_source="estimated"'),
      unknown: value('provider_usage_total', 'usage_source="unknown"'),
      inputTokens: value('provider_tokens_total', 'direction="input"'),
      outputTokens: value('provider_tokens_total', 'direction="output"'),
      cachedInputTokens: value('provider_token_parts_total', 'part="cached_input"'),
      reasoningTokens: value('provider_token_parts_total', 'part="reasoning_output"'),
      tokenCost: value('token_cost_total', 'currency="USD"'),
    };
  };

  const run = async (work: () => Promise<unknown>): Promise<StageExecution> => {
    await tracker.runTrace('ROOT', work);
    const [stage, ...others] = stages();
    expect(others).toEqual([]);
    if (stage === undefined) throw new Error('there is no stage');
    return stage;
  };

  describe.each(Object.keys(WAYS))('by %s', (way) => {
    it.each(Object.keys(CASES))(
      'a provider that %s: what the stage and the metrics say is what the server did',
      async (name) => {
        const {
          scenario,
          asking,
          leavesAfter = Infinity,
          outcome = 'ok',
          says,
          saysNothingOf,
        } = CASES[name]!;
        server.scenario = scenario;
        const served = server.nextCall();
        const create: Create = (signal) =>
          client.chat.completions.create({ ...ASKING, ...asking }, signal && { signal });
        const stage = await run(async () => {
          const answered = WAYS[way]!(tracker, create, leavesAfter);
          if (outcome === 'error') await expect(answered).rejects.toHaveProperty('message');
          else await answered;
        });
        const call = await served;
        await call.finished.promise;

        expect([stage.kind, stage.outcome]).toEqual(['provider', outcome]);
        expect(stage.attributes).toMatchObject({ provider: 'openai', model: 'gpt-4o', ...says(call) });
        for (const attribute of saysNothingOf ?? []) expect(stage.attributes).not.toHaveProperty(attribute);
        const { usageSource, inputTokens, outputTokens, cachedInputTokens, reasoningTokens, tokenCost } =
          stage.attributes;
        expect(await counted()).toEqual({
          calls: 1,
          errors: Number(outcome === 'error'),
          unpriced: Number(tokenCost === undefined),
          ...{ provider: 0, estimated: 0, unknown: 0, [String(usageSource)]: 1 },
          ...{ inputTokens, outputTokens, cachedInputTokens, reasoningTokens, tokenCost },
        });
        expect(call.wasAborted).toBe(leavesAfter < Infinity);
        expect(call.tokensAfterAbort).toBe(scenario.goesOnAfterAbort === true ? 4 : 0);
        if (Number(stage.attributes['chunks'] ?? 0) > 0) {
          expect(stage.attributes['responseModel']).toBe(call.model);
          expect(stage.attributes['timeToFirstChunkMs']).toBeGreaterThan(0);
          expect(stage.attributes['timeToFirstChunkFromRequestMs']).toBeGreaterThanOrEqual(
            Number(stage.attributes['timeToFirstChunkMs']),
          );
        }
      },
    );
  });

  it('answers as a whole, too', async () => {
    const stage = await run(async () => {
      const answer = await tracker.trackProvider(CALL, () =>
        client.chat.completions.create({ model: 'gpt-4o', messages: PROMPT }),
      );
      expect(answer.choices[0]?.message.content).toBe('The cat sat on the mat.');
    });
    expect(stage.attributes).toMatchObject({
      ...{ usageSource: 'provider', inputTokens: 11, outputTokens: 7, finishReason: 'stop' },
      // 11 tokens for 2.50 a million, 7 for 10.
      ...{ tokenCost: 0.000_097_5, costCurrency: 'USD' },
    });
    expect(stage.attributes).not.toHaveProperty('chunks');
    expect(stage.attributes['costSource']).toMatch(/^@pydantic\/genai-prices \d+\.\d+\.\d+$/);
    expect(stage.attributes['costDate']).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  it('streams responses', async () => {
    server.scenario = { cachedTokens: 5, reasoningTokens: 2 };
    const stage = await run(async () => {
      const stream = await tracker.trackProvider(CALL, () =>
        client.responses.create({ model: 'gpt-4o', input: 'Where?', stream: true }),
      );
      for await (const event of stream) expect(event.type).toMatch(/^response\./);
    });
    expect(stage).toMatchObject({
      outcome: 'ok',
      attributes: {
        ...{ chunks: 7, usageSource: 'provider', inputTokens: 11, outputTokens: 7, cachedInputTokens: 5 },
        ...{ reasoningTokens: 2, finishReason: 'completed', responseModel: 'gpt-4o-2024-08-06' },
      },
    });
  });

  it('responds as a whole, and its promise may be awaited twice', async () => {
    const stage = await run(async () => {
      const promise = tracker.trackProvider(CALL, () =>
        client.responses.create({ model: 'gpt-4o', input: 'Where?' }),
      );
      expect((await promise).output_text).toBe('The cat sat on the mat.');
      expect(await promise).toBe(await promise);
    });
    expect(stage.attributes).toMatchObject({
      usageSource: 'provider',
      outputTokens: 7,
      finishReason: 'completed',
    });
  });

  it('streams by its helper with events, too', async () => {
    const heard: string[] = [];
    const stage = await run(async () => {
      const stream = tracker.trackProvider(CALL, () => client.chat.completions.stream(ASKING));
      stream.on('content', (delta) => heard.push(delta));
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
      expect(await stream.finalContent()).toBe('The cat sat on the mat.');
    });
    expect(heard.join('')).toBe('The cat sat on the mat.');
    expect(stage).toMatchObject({
      outcome: 'ok',
      attributes: { chunks: 7, outputTokens: 7, inputTokens: 11 },
    });
  });

  it('keeps the class and the private fields of its stream', async () => {
    await run(async () => {
      const stream = await tracker.trackProvider(CALL, () => client.chat.completions.create(ASKING));
      expect(stream.constructor.name).toBe('Stream');
      expect(stream.controller).toBeInstanceOf(AbortController);
      await read(stream);
    });
  });

  it('that is aborted by a signal ends its stream as if it were complete, and the stage says that it was not', async () => {
    server.scenario = { stallsAfter: 2 };
    const served = server.nextCall();
    const abort = new AbortController();
    const stage = await run(async () => {
      const stream = await tracker.trackProvider(CALL, () =>
        client.chat.completions.create(ASKING, { signal: abort.signal }),
      );
      const reading = read(stream);
      await (
        await served
      ).stalled.promise;
      abort.abort();
      await reading;
    });
    expect(stage.outcome).toBe('cancelled');
    expect(stage.attributes['usageSource']).not.toBe('provider');
  });

  it('that tries again is one call to us', async () => {
    const patient = client.withOptions({ maxRetries: 1 });
    server.scenario = { status: 429 };
    const stage = await run(async () => {
      const answered = tracker.trackProvider(CALL, () => patient.chat.completions.create(ASKING));
      void server.nextCall().then(() => (server.scenario = {}));
      await read(await answered);
    });
    expect(server.calls).toHaveLength(2);
    expect(stage).toMatchObject({ outcome: 'ok', attributes: { outputTokens: 7 } });
  });
});
