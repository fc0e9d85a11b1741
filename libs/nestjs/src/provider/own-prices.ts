import { type Cost, picoOf, type PicoUnits, type PricedCall, unitsOf } from '@followspot/core';
import type { Price } from './provider-options.js';

/** What a call cost by the prices of the options; undefined when none is for it. */
export function costByOwnPrices(
  prices: readonly Price[],
  currency: string,
  call: PricedCall,
): Cost | undefined {
  const date = dayOf(call.at);
  const price = priceOf(prices, call, date);
  if (price === undefined) return undefined;
  const tokens = costOfTokens(price, call.usage);
  const perCall = picoOf(price.perCall ?? 0);
  return {
    tokenCost: unitsOf(tokens),
    ...(price.perCall !== undefined && { apiCost: unitsOf(perCall) }),
    totalCost: unitsOf(tokens + perCall),
    currency,
    source: 'options',
    date,
  };
}

/** The day of a moment, UTC. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The model that answered decides, and only if no price is for it the one that was asked for: an alias may cost less. */
function priceOf(prices: readonly Price[], call: PricedCall, date: string): Price | undefined {
  for (const model of call.models) {
    const [latest] = prices
      .filter((price) => price.provider === call.provider && isFor(price.model, model))
      .filter(({ from = '' }) => from <= date)
      .sort(({ from: a = '' }, { from: b = '' }) => b.localeCompare(a));
    if (latest !== undefined) return latest;
  }
  return undefined;
}

function isFor(pattern: string | RegExp, model: string): boolean {
  // A search and not a test: a pattern with the flag g remembers where it was.
  return typeof pattern === 'string' ? pattern === model : model.search(pattern) >= 0;
}

/** The price of one token. @param perMillion Units per million tokens, with at most six decimals. */
function picoPerToken(perMillion: number): PicoUnits {
  return BigInt(Math.round(perMillion * 1e6));
}

function costOfTokens(price: Price, usage: PricedCall['usage']): PicoUnits {
  const { inputTokens, outputTokens } = usage;
  const cached = Math.min(usage.cachedInputTokens ?? 0, inputTokens);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, outputTokens);
  return (
    BigInt(inputTokens - cached) * picoPerToken(price.input) +
    BigInt(cached) * picoPerToken(price.cachedInput ?? price.input) +
    BigInt(outputTokens - reasoning) * picoPerToken(price.output) +
    BigInt(reasoning) * picoPerToken(price.reasoning ?? price.output)
  );
}
