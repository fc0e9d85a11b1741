import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PricedCall } from '@followspot/core';
import fc from 'fast-check';
import { ProviderMeasures } from './provider-measures.js';
import type { ProviderOptions } from './provider-options.js';

const call = (provider: string, model: string, given: Partial<PricedCall> = {}): PricedCall => ({
  provider,
  models: [model],
  at: Date.UTC(2026, 10, 21, 12),
  usage: { inputTokens: 1_000, outputTokens: 100 },
  ...given,
});

async function measuresOf(
  options: ProviderOptions = {},
): Promise<{ measures: ProviderMeasures; warnings: string[] }> {
  const warnings: string[] = [];
  const measures = new ProviderMeasures(options, (message) => warnings.push(message));
  await measures.load();
  return { measures, warnings };
}

describe('The public price table', () => {
  it.each([
    ['openai', 'gpt-4o-2024-11-20', 0.0035],
    ['azure.ai.openai', 'gpt-4o', 0.0035],
    ['anthropic', 'claude-sonnet-4-5', 0.0045],
    ['gcp.gemini', 'gemini-2.5-pro', 0.00225],
    ['gcp.vertex_ai', 'gemini-2.5-pro', 0.00225],
    ['aws.bedrock', 'amazon.nova-lite-v1:0', 0.000084],
    ['x_ai', 'grok-3', 0.0045],
    ['mistral_ai', 'mistral-large-latest', 0.0026],
    ['deepseek', 'deepseek-chat', 0.00038],
  ])('knows providers by their names in OpenTelemetry: %s %s', async (provider, model, cost) => {
    const { measures } = await measuresOf();
    expect(measures.costOf?.(call(provider, model))?.tokenCost).toBe(cost);
  });

  it.each(['openai_compatible', 'my-openai', 'vllm'])(
    'charges nobody as whom they are not: %s',
    async (name) => {
      const { measures } = await measuresOf();
      expect(measures.costOf?.(call(name, 'gpt-4o-mini'))).toBeUndefined();
    },
  );

  it('gives decimals that are exact, as far as the tokens of one call go', async () => {
    const { measures } = await measuresOf();
    fc.assert(
      fc.property(fc.nat({ max: 2_000_000 }), fc.nat({ max: 200_000 }), (inputTokens, outputTokens) => {
        const cost = measures.costOf?.(
          call('deepseek', 'deepseek-chat', { usage: { inputTokens, outputTokens } }),
        );
        expect(cost?.tokenCost).toBe(Number(`${inputTokens * 270_000 + outputTokens * 1_100_000}e-12`));
      }),
    );
  });

  it('takes what a provider had in its cache for as many tokens as there were at most', async () => {
    const { measures } = await measuresOf();
    const usage = { inputTokens: 1_000, cachedInputTokens: 2_000, outputTokens: 0 };
    expect(measures.costOf?.(call('openai', 'gpt-4o', { usage }))?.tokenCost).toBe(0.00125);
  });

  it.each([
    ['at their own price, where there is one', 'perplexity', 'sonar-deep-research', 0.0075],
    ['like the others of the answer, where there is none', 'openai', 'gpt-4o', 0.0125],
    ['also where the model always thinks', 'gcp.gemini', 'gemini-2.5-pro', 0.01125],
  ])('charges tokens of reasoning %s: %s %s', async (_, provider, model, cost) => {
    const { measures } = await measuresOf();
    const usage = { inputTokens: 1_000, outputTokens: 1_000, reasoningTokens: 500 };
    expect(measures.costOf?.(call(provider, model, { usage }))?.tokenCost).toBe(cost);
  });

  it('takes as many tokens of reasoning as the answer had at most', async () => {
    const { measures } = await measuresOf();
    const usage = { inputTokens: 0, outputTokens: 1_000, reasoningTokens: 2_000 };
    expect(measures.costOf?.(call('perplexity', 'sonar-deep-research', { usage }))?.tokenCost).toBe(0.003);
  });

  it('tells what a call costs from what its tokens do', async () => {
    const { measures } = await measuresOf();
    expect(measures.costOf?.(call('perplexity', 'sonar'))).toMatchObject({
      tokenCost: 0.0011,
      apiCost: 0.012,
      totalCost: 0.0131,
    });
  });

  it('is not used in another currency', async () => {
    const { measures } = await measuresOf({ currency: 'EUR' });
    expect(measures.costOf).toBeUndefined();
  });

  it('comes after the prices of the options', async () => {
    const prices = [{ provider: 'openai', model: /./, input: 1, output: 0 }];
    const { measures } = await measuresOf({ prices });
    expect(measures.costOf?.(call('openai', 'gpt-4o'))).toMatchObject({
      tokenCost: 0.001,
      source: 'options',
    });
  });

  it('warns once of each model that it does not know, of a hundred at most', async () => {
    const { measures, warnings } = await measuresOf();
    expect(measures.costOf?.(call('vllm', 'llama'))).toBeUndefined();
    measures.costOf?.(call('vllm', 'llama'));
    expect(warnings).toEqual([expect.stringContaining('No price is known for vllm llama')]);
    for (let index = 0; index < 200; index += 1) measures.costOf?.(call('vllm', `made-up-${index}`));
    expect(warnings).toHaveLength(100);
  });
});

describe('The tokenizer', () => {
  let count: (text: string) => number | undefined;
  beforeAll(async () => {
    const { countTokens } = (await measuresOf()).measures;
    count = (text) => countTokens?.(text);
  });

  it('counts like the encoding of GPT-4o', () => {
    expect(count('The cat sat on the mat.')).toBe(7);
    expect(count('')).toBe(0);
  });

  it('takes what looks like a special token for text', () => {
    expect(count('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('cuts a long text where no token is', () => {
    expect(count(' cat'.repeat(1_000))).toBe(1_000);
  });

  it('counts a text without any word boundary', () => {
    expect(count('.'.repeat(65_536))).toBe(1_024);
  });

  it('takes the beginning of a very long text for the whole', () => {
    expect(count(' cat'.repeat(1_000_000))).toBe(1_000_000);
  });

  it('knows nothing before it has been loaded', () => {
    const measures = new ProviderMeasures({}, () => {});
    expect(measures.countTokens?.('The cat')).toBeUndefined();
    expect(measures.costOf).toBeUndefined();
  });
});

describe('Packages that are not there', () => {
  const failing = (error: Error) => ({
    prices: () => Promise.reject(error),
    tokenizer: () => Promise.reject(error),
  });

  it('leave costs and estimates unknown, and nobody is told: they are optional', async () => {
    const warnings: string[] = [];
    const missing = Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
    const measures = new ProviderMeasures({}, (message) => warnings.push(message), failing(missing));
    await measures.load();
    expect([measures.countTokens, measures.costOf, warnings]).toEqual([undefined, undefined, []]);
  });

  it('leave the prices of the options', async () => {
    const prices = [{ provider: 'vllm', model: 'llama', input: 1, output: 1 }];
    const measures = new ProviderMeasures({ prices }, () => {}, failing(new Error('broken')));
    await measures.load();
    expect(measures.costOf?.(call('vllm', 'llama'))?.tokenCost).toBe(0.0011);
  });

  it('but cannot be loaded are told of', async () => {
    const warnings: string[] = [];
    const measures = new ProviderMeasures(
      {},
      (message) => warnings.push(message),
      failing(new Error('broken')),
    );
    measures.prepare();
    await measures.load();
    expect(warnings).toEqual(['Error: broken', 'Error: broken']);
  });
});
