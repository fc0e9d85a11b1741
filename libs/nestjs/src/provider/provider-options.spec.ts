import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../config/resolve-options.js';

const PRICE = { provider: 'vllm', model: /^llama/, input: 0.1, output: 0.25 };

describe('The option provider', () => {
  it('may be empty, and may have everything', () => {
    const prices = [PRICE, { ...PRICE, from: '2026-11-21', cachedInput: 0, reasoning: 1e-6, perCall: 0.01 }];
    const redact = (text: string): string => text;
    const budget = { monthly: 0.5, onPassed: () => {}, spent: () => 1 };
    const provider = { prices, currency: 'EUR', budget, captureContent: true, redact };
    expect(resolveOptions({ provider: {} }, {}).provider).toEqual({});
    expect(resolveOptions({ provider }, {}).provider).toBe(provider);
  });

  it.each<[unknown, string]>([
    ['usd', 'option provider must be an object of provider options'],
    [
      { price: [] },
      'unknown option provider.price; known are prices, currency, budget, captureContent, redact',
    ],
    [{ prices: {} }, 'option provider.prices must be an array of prices, got {}'],
    [{ currency: '$' }, "option provider.currency must be a currency of three letters, got '$'"],
    [{ captureContent: 'yes' }, "option provider.captureContent must be true or false, got 'yes'"],
    [{ redact: /x/ }, 'option provider.redact must be a function of a text, got /x/'],
    [{ prices: [PRICE, null] }, 'option provider.prices[1] must be a price, got null'],
    [{ prices: [{ ...PRICE, provider: '' }] }, 'option provider.prices[0].provider must be the name'],
    [{ prices: [{ ...PRICE, model: 4 }] }, 'option provider.prices[0].model must be a name or a regular'],
    [
      { prices: [{ ...PRICE, input: undefined }] },
      'option provider.prices[0].input must be a number of at least 0',
    ],
    [{ prices: [{ ...PRICE, input: -1 }] }, 'got -1'],
    [{ prices: [{ ...PRICE, output: Number.NaN }] }, 'got NaN'],
    [{ prices: [{ ...PRICE, output: 0.000_000_1 }] }, 'with at most six decimals, got 1e-7'],
    [{ prices: [{ ...PRICE, from: '2026-13-01' }] }, 'option provider.prices[0].from must be a day such as'],
    [{ prices: [{ ...PRICE, per: 1 }] }, 'unknown option provider.prices[0].per'],
    [{ budget: 100 }, 'option provider.budget must be an object with monthly, got 100'],
    [{ budget: null }, 'option provider.budget must be an object with monthly, got null'],
    [{ budget: {} }, 'option provider.budget.monthly must be a number above 0'],
    [{ budget: { monthly: 0 } }, 'option provider.budget.monthly must be a number above 0'],
    [{ budget: { monthly: Number.NaN } }, 'got NaN'],
    [{ budget: { monthly: '100' } }, "got '100'"],
    [{ budget: { monthly: 1e9 } }, 'below 1,000,000,000, got 1000000000'],
    [{ budget: { monthly: 1, spent: -1 } }, 'option provider.budget.spent must be a number of at least 0'],
    [
      { budget: { monthly: 1, onPassed: 'mail' } },
      "option provider.budget.onPassed must be a function, got 'mail'",
    ],
    [{ budget: { month: 1 } }, 'unknown option provider.budget.month; known are monthly, onPassed, spent'],
  ])('refuses %j', (provider, message) => {
    expect(() => resolveOptions({ provider: provider as object }, {})).toThrow(message);
  });
});
