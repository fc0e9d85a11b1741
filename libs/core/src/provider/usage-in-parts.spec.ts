import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';
import type { ChunkContent, TokenUsage } from './chunk-reader.js';
import type { PricedCall, ProviderSupport } from './provider-support.js';

/** A tokenizer that takes words for tokens. */
const countTokens = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;

const CALL = {
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  stageId: 'LLM',
  prompt: 'one two three four',
  reader: (chunk: unknown): ChunkContent => chunk as ChunkContent,
};
const WORDS: readonly ChunkContent[] = Array.from({ length: 10 }, () => ({ text: ' word' }));
const said = (usage: TokenUsage): ChunkContent => ({ usage });

/** What is recorded of an answer of these chunks, of which so many are read. */
async function recordOf(
  chunks: readonly (ChunkContent | Error)[],
  atMost = Infinity,
  support: ProviderSupport = { countTokens },
): Promise<Record<string, unknown>> {
  const priced: PricedCall['usage'][] = [];
  const costOf = ({ usage }: PricedCall): undefined => void priced.push(usage);
  const tracking = new Tracking({ provider: { costOf, ...support } });
  await tracking.run(async () => {
    const stream = tracking.tracker.trackProvider(CALL, async function* () {
      await Promise.resolve();
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk;
        yield chunk;
      }
    });
    let count = 0;
    try {
      for await (const _ of stream) if ((count += 1) >= atMost) break;
    } catch {
      // It is in the record.
    }
  });
  const { inputTokens, outputTokens, usageSource } = tracking.stage('LLM').attributes;
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    usageSource,
    isPriced: priced.length > 0,
  };
}

describe('Usage of which a part is known', () => {
  it('is made whole by an estimate, so that an answer that was broken off has its price', async () => {
    expect(await recordOf([said({ inputTokens: 10 }), ...WORDS], 11)).toEqual({
      inputTokens: 10,
      outputTokens: 10,
      usageSource: 'estimated',
      isPriced: true,
    });
  });

  it('is made whole where only the answer was counted, too', async () => {
    expect(await recordOf([...WORDS, said({ outputTokens: 12 })])).toEqual({
      inputTokens: 4,
      outputTokens: 12,
      usageSource: 'estimated',
      isPriced: true,
    });
  });

  it.each<[string, readonly (ChunkContent | Error)[], number]>([
    ['broken off', [said({ inputTokens: 10, outputTokens: 1 }), ...WORDS], 11],
    ['failed', [said({ inputTokens: 10, outputTokens: 1 }), ...WORDS, new Error('cut')], Infinity],
    [
      'complete, and its usage was never said again',
      [said({ inputTokens: 10, outputTokens: 1 }), ...WORDS],
      99,
    ],
  ])('is no placeholder that the words have left behind: %s', async (_, chunks, atMost) => {
    expect(await recordOf(chunks, atMost)).toEqual({
      inputTokens: 10,
      outputTokens: 10,
      usageSource: 'estimated',
      isPriced: true,
    });
  });

  it('is no placeholder that is said with every word', async () => {
    const words = WORDS.map((word) => ({ ...word, ...said({ inputTokens: 10, outputTokens: 1 }) }));
    expect(await recordOf(words, 10)).toMatchObject({ outputTokens: 10, usageSource: 'estimated' });
  });

  it('is the count of the provider where that is higher: it knows what it thought', async () => {
    const words = WORDS.map((word, index) => ({
      ...word,
      ...said({ inputTokens: 10, outputTokens: 50 + index }),
    }));
    expect(await recordOf(words, 3)).toMatchObject({ outputTokens: 52, usageSource: 'provider' });
  });

  it('is unknown where a placeholder was left behind and nothing can estimate', async () => {
    const placeholder = said({ inputTokens: 10, outputTokens: 1 });
    expect(await recordOf([placeholder, ...WORDS], 11, {})).toEqual({
      inputTokens: 10,
      usageSource: 'provider',
      isPriced: false,
    });
  });

  it.each([0, 3])('keeps a count of %i that the provider ends a complete answer with', async (count) => {
    const last = said({ inputTokens: count, outputTokens: count });
    expect(await recordOf([...WORDS, { ...last, finishReason: 'stop' }], 11)).toEqual({
      inputTokens: count,
      outputTokens: count,
      usageSource: 'provider',
      isPriced: true,
    });
    expect(await recordOf([...WORDS, last])).toMatchObject({ outputTokens: count, usageSource: 'provider' });
  });
});

describe('A call of which nothing came', () => {
  class APIConnectionTimeoutError extends Error {}
  class ConnectTimeoutError extends Error {}
  const named = (name: string): Error => Object.assign(new Error('no'), { name });

  it.each<[string, Error]>([
    ['it was aborted', named('AbortError')],
    ['the platform timed it out', named('TimeoutError')],
    ['an SDK timed it out', new APIConnectionTimeoutError('Request timed out.')],
    ['what timed out was the cause', new Error('no answer', { cause: named('TimeoutError') })],
  ])('has sent its prompt when %s, and how much was produced is unknown', async (_, error) => {
    expect(await recordOf([error])).toEqual({ inputTokens: 4, usageSource: 'estimated', isPriced: false });
  });

  it('has sent its prompt when the provider had said something', async () => {
    expect(await recordOf([{}, new Error('cut')])).toMatchObject({
      inputTokens: 4,
      usageSource: 'estimated',
    });
    expect(await recordOf([{ finishReason: 'stop' }])).toMatchObject({ inputTokens: 4 });
  });

  it.each<[string, Error]>([
    ['it was turned down', Object.assign(new Error('slow down'), { status: 429 })],
    ['a gateway timed out', Object.assign(named('TimeoutError'), { status: 504 })],
    ['nobody listened', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['no connection came about', new TypeError('fetch failed', { cause: new ConnectTimeoutError('no') })],
    [
      'an SDK says so of no connection',
      new APIConnectionTimeoutError('no', { cause: new ConnectTimeoutError('no') }),
    ],
  ])('has used nothing that is known when %s', async (_, error) => {
    expect(await recordOf([error])).toEqual({ usageSource: 'unknown', isPriced: false });
  });
});
