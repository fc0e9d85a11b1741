import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';
import { TrackStage } from '../track-stage.js';
import type { PricedCall } from './provider-support.js';

const USAGE = { choices: [], model: 'llama', usage: { prompt_tokens: 3, completion_tokens: 2 } };

describe("@TrackStage with the kind 'provider' alone", () => {
  const asked: PricedCall[] = [];
  const tracking = new Tracking({
    provider: {
      countTokens: (text) => text.split(' ').length,
      costOf: (call) => {
        asked.push(call);
        return { tokenCost: 1, totalCost: 1, currency: 'USD', source: 'table', date: '2026-11-21' };
      },
    },
  });
  const { tracker } = tracking;

  class Model {
    @TrackStage('STREAMED', { kind: 'provider' })
    async *streamed(): AsyncGenerator {
      tracker.setAttribute('provider', 'vllm');
      yield { choices: [{ delta: { content: 'one two' } }] };
      yield { choices: [{ delta: {}, finish_reason: 'stop' }] };
      yield USAGE;
    }

    @TrackStage('WORDS', { kind: 'provider' })
    async *words(): AsyncGenerator<string> {
      yield* ['one', ' two'];
    }

    @TrackStage('THENABLE', { kind: 'provider' })
    lazily(): PromiseLike<unknown> {
      return { then: (resolve) => Promise.resolve(USAGE).then(resolve) };
    }

    @TrackStage('BY_HAND', {
      kind: 'provider',
      attributes: () => ({ provider: 'mine', model: 'large', inputTokens: 30, outputTokens: 20 }),
    })
    async byHand(): Promise<unknown> {
      return USAGE;
    }

    @TrackStage('PRICED_BY_HAND', {
      kind: 'provider',
      attributes: () => ({ provider: 'mine', tokenCost: 5, costCurrency: 'EUR', usageSource: 'estimated' }),
    })
    async pricedByHand(): Promise<unknown> {
      return USAGE;
    }

    @TrackStage('UNREADABLE', { kind: 'provider' })
    async *unreadable(): AsyncGenerator {
      yield { words: 'of a shape of its own' };
    }
  }
  const model = new Model();

  const recordOf = async (stageId: string, work: () => Promise<unknown>): Promise<object> => {
    await tracking.run(work);
    return tracking.stage(stageId).attributes;
  };
  const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream) continue;
  };

  it('is measured like any other call, and priced as that of the provider that it is said to be', async () => {
    expect(await recordOf('STREAMED', () => read(model.streamed()))).toMatchObject({
      ...{ provider: 'vllm', model: 'llama', responseModel: 'llama', chunks: 1, timeToFirstChunkMs: 0 },
      ...{ inputTokens: 3, outputTokens: 2, usageSource: 'provider', finishReason: 'stop', tokenCost: 1 },
    });
    expect(asked).toMatchObject([{ provider: 'vllm', models: ['llama'] }]);
  });

  it('estimates where nobody counts', async () => {
    expect(await recordOf('WORDS', () => read(model.words()))).toEqual({
      ...{ chunks: 2, timeToFirstChunkMs: 0, timeToFirstChunkFromRequestMs: 0 },
      ...{ gapMeanMs: 0, gapP95Ms: 0, gapMaxMs: 0, outputTokens: 2, usageSource: 'estimated' },
    });
  });

  it('follows the promise of an SDK', async () => {
    const said = await recordOf('THENABLE', async () => {
      expect(await model.lazily()).toBe(USAGE);
    });
    expect(said).toMatchObject({ inputTokens: 3, usageSource: 'provider' });
  });

  it('leaves what the application says, and prices that', async () => {
    asked.length = 0;
    expect(await recordOf('BY_HAND', () => model.byHand())).toMatchObject({
      ...{ provider: 'mine', model: 'large', responseModel: 'llama' },
      ...{ inputTokens: 30, outputTokens: 20, usageSource: 'provider' },
    });
    expect(asked).toMatchObject([
      { provider: 'mine', models: ['llama', 'large'], usage: { inputTokens: 30, outputTokens: 20 } },
    ]);
  });

  it('asks no price where the application says one', async () => {
    asked.length = 0;
    expect(await recordOf('PRICED_BY_HAND', () => model.pricedByHand())).toEqual({
      ...{ provider: 'mine', model: 'llama', responseModel: 'llama' },
      ...{ tokenCost: 5, costCurrency: 'EUR', inputTokens: 3, outputTokens: 2, usageSource: 'estimated' },
    });
    expect(asked).toEqual([]);
  });

  it('counts a call as one without a price when nobody says whose it is', async () => {
    const before = tracker.getDropCounts().unpricedCalls;
    await tracking.run(async () => {
      await model.lazily();
    });
    expect(tracker.getDropCounts().unpricedCalls).toBe(before + 1);
  });

  it('does not say of chunks that it cannot read that they had no content', async () => {
    expect(await recordOf('UNREADABLE', () => read(model.unreadable()))).toEqual({ usageSource: 'unknown' });
  });
});
