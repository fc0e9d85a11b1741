import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Cost, PricedCall } from '@followspot/core';
import { dayOf } from './own-prices.js';
import { picoOf, unitsOf } from './pico-units.js';

/** What a call cost; undefined when the table has no price for it. */
export type CostOf = (call: PricedCall) => Cost | undefined;

const PACKAGE = '@pydantic/genai-prices';

/**
 * The price table of the package `@pydantic/genai-prices`, which works offline and in US dollars.
 * @throws when the package is not installed.
 */
export async function loadPublicPrices(): Promise<CostOf> {
  const { calcPrice } = await import('@pydantic/genai-prices');
  const source = await nameWithVersion();
  return ({ provider, models, at, usage }) => {
    const { inputTokens, outputTokens, cachedInputTokens = 0 } = usage;
    const counted = {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cache_read_tokens: Math.min(cachedInputTokens, inputTokens),
    };
    for (const model of models) {
      const price = calcPrice(counted, model, { providerId: provider, timestamp: new Date(at) });
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
