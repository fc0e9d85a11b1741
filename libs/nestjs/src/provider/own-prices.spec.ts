import { describe, expect, it } from '@jest/globals';
import type { PricedCall } from '@followspot/core';
import fc from 'fast-check';
import { costByOwnPrices } from './own-prices.js';
import type { Price } from './provider-options.js';

const call = (given: Partial<PricedCall> = {}): PricedCall => ({
  provider: 'vllm',
  models: ['llama-3'],
  at: Date.UTC(2026, 10, 21, 23, 59),
  usage: { inputTokens: 1_000_000, outputTokens: 1_000_000 },
  ...given,
});
const PRICE: Price = { provider: 'vllm', model: 'llama-3', input: 0.27, output: 1.1 };
const costOf = (prices: readonly Price[], given?: Partial<PricedCall>): number | undefined =>
  costByOwnPrices(prices, 'EUR', call(given))?.tokenCost;

describe('A price of your own', () => {
  it('says with the cost what it is in, where it is from and of which day', () => {
    expect(costByOwnPrices([PRICE], 'EUR', call())).toEqual({
      tokenCost: 1.37,
      totalCost: 1.37,
      currency: 'EUR',
      source: 'options',
      date: '2026-11-21',
    });
  });

  it('is exact where binary fractions are not', () => {
    const usage = { inputTokens: 1_000, outputTokens: 1 };
    expect((1_000 * 0.27 + 1.1) / 1e6).not.toBe(0.0002711);
    expect(costOf([PRICE], { usage })).toBe(0.0002711);
  });

  it('is, for any price and usage, the number that is written like the exact amount', () => {
    const price = fc.integer({ min: 0, max: 200_000_000 });
    const tokens = fc.nat({ max: 10_000_000 });
    fc.assert(
      fc.property(price, price, tokens, tokens, (input, output, inputTokens, outputTokens) => {
        const exact = BigInt(input) * BigInt(inputTokens) + BigInt(output) * BigInt(outputTokens);
        const prices = [{ ...PRICE, input: input / 1e6, output: output / 1e6 }];
        expect(costOf(prices, { usage: { inputTokens, outputTokens } })).toBe(Number(`${exact}e-12`));
      }),
    );
  });

  it('counts cached input and reasoning at prices of their own, and at the usual ones where there are none', () => {
    const usage = {
      inputTokens: 10_000_000,
      cachedInputTokens: 9_000_000,
      outputTokens: 3_000_000,
      reasoningTokens: 2_000_000,
    };
    expect(costOf([{ ...PRICE, input: 1, output: 10 }], { usage })).toBe(40);
    expect(costOf([{ ...PRICE, input: 1, output: 10, cachedInput: 0.1, reasoning: 5 }], { usage })).toBe(
      21.9,
    );
  });

  it('never counts more cached tokens than there were', () => {
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 9_000_000, outputTokens: 0 };
    expect(costOf([{ ...PRICE, cachedInput: 0.1 }], { usage })).toBe(0.1);
  });

  it('may be nothing, which is not unknown', () => {
    expect(costOf([{ ...PRICE, input: 0, output: 0 }])).toBe(0);
  });

  it('may be for the call', () => {
    expect(costByOwnPrices([{ ...PRICE, perCall: 0.005 }], 'USD', call())).toMatchObject({
      tokenCost: 1.37,
      apiCost: 0.005,
      totalCost: 1.375,
    });
  });

  it.each<[string, Partial<Price>]>([
    ['the provider', { provider: 'ollama' }],
    ['the model', { model: 'llama' }],
    ['the pattern', { model: /^gpt-/ }],
    ['the day', { from: '2026-11-22' }],
  ])('is not for a call when %s differs', (_, given) => {
    expect(costOf([{ ...PRICE, ...given }])).toBeUndefined();
  });

  it('is the latest of those that hold on the day of the call, in whatever order they are', () => {
    const of = (from: string, input: number): Price => ({
      ...PRICE,
      model: /llama/g,
      from,
      input,
      output: 0,
    });
    const prices = [of('2026-01-01', 1), of('2026-11-21', 3), of('2026-11-22', 4), of('2026-06-01', 2)];
    expect(costOf(prices)).toBe(3);
    expect(costOf(prices)).toBe(3);
    expect(costOf(prices, { at: Date.UTC(2026, 5, 30) })).toBe(2);
  });

  it('is first of all one for the model that answered', () => {
    const prices = [{ ...PRICE, model: 'alias', input: 0, output: 0 }, PRICE];
    expect(costOf(prices, { models: ['llama-3', 'alias'] })).toBe(1.37);
    expect(costOf(prices, { models: ['llama-4', 'alias'] })).toBe(0);
  });
});
