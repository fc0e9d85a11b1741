import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Cost, picoOf, type PricedCall, unitsOf } from '@followspot/core';
import { dayOf } from './own-prices.js';

/** What a call cost; undefined when the table has no price for it. */
export type CostOf = (call: PricedCall) => Cost | undefined;

const PACKAGE = '@pydantic/genai-prices';

/** Names of OpenTelemetry's `gen_ai.provider.name` that the table has another for. */
const TABLE_NAMES: ReadonlyMap<string, string> = new Map([
  ['aws.bedrock', 'aws'],
  ['azure.ai.inference', 'azure'],
  ['azure.ai.openai', 'azure'],
  ['gcp.gemini', 'google'],
  ['gcp.gen_ai', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['mistral_ai', 'mistral'],
  ['x_ai', 'x-ai'],
]);

/**
 * The price table of the package `@pydantic/genai-prices`, which works offline and in US dollars.
 * @throws when the package is not installed.
 */
export async function loadPublicPrices(): Promise<CostOf> {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
  const source = await nameWithVersion();
  return ({ provider, models, at, usage }) => {
    const providerId = TABLE_NAMES.get(provider) ?? provider;
    // The table guesses: `openai_compatible`, which may be a server of one's own, would be charged as OpenAI.
    if (findProvider({ providerId })?.id !== providerId) return undefined;
    const { inputTokens, outputTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage;
    const counted = {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cache_read_tokens: Math.min(cachedInputTokens, inputTokens),
      output_reasoning_tokens: Math.min(reasoningTokens, outputTokens),
    };
    for (const model of models) {
      const price = calcPrice(counted, model, { providerId, timestamp: new Date(at) });
      if (price === null) continue;
      const tokens = picoOf(price.input_price + price.output_price);
      const total = picoOf(price.total_price);
      return {
        tokenCost: unitsOf(tokens),
        ...(total > tokens && { apiCost: unitsOf(total - tokens) }),
        totalCost: unitsOf(total),
        currency: 'USD',
        source,
        date: dayOf(at),
      };
    }
    return undefined;
  };
}

/** The package does not export its version. */
async function nameWithVersion(): Promise<string> {
  try {
    const main = createRequire(import.meta.url).resolve(PACKAGE);
    const { version } = JSON.parse(await readFile(join(dirname(main), '../package.json'), 'utf8')) as {
      version: string;
    };
    return `${PACKAGE} ${version}`;
  } catch {
    return PACKAGE;
  }
}
