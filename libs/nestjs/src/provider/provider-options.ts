import { inspect } from 'node:util';
import { type Budget, BUDGET_CHECKS } from './budget-options.js';

/** What a provider charges for a model, where the public price table does not know or you pay something else. */
export interface Price {
  /** As the call names it. */
  readonly provider: string;
  /** The model that answered, else the one that was asked for: its name, or a pattern that it matches. */
  readonly model: string | RegExp;
  /** First day, UTC, on which it holds, `2026-11-21`. Default: ever since. Of several that hold, the latest counts. */
  readonly from?: string;
  /** Units of the currency per million input tokens, with at most six decimals. */
  readonly input: number;
  /** Per million output tokens. */
  readonly output: number;
  /** Per million of those input tokens that the provider had in its cache. Default as `input`. */
  readonly cachedInput?: number;
  /** Per million of those output tokens that were reasoning. Default as `output`. */
  readonly reasoning?: number;
  /** Per call, whatever its tokens. Default 0. */
  readonly perCall?: number;
}

/** What is done about calls to providers, beside measuring them. */
export interface ProviderOptions {
  /** Prices of your own; they go before the public table. Default none. */
  readonly prices?: readonly Price[];
  /** Of your prices and budget, by ISO 4217. With anything but `USD` the public table, which is in US dollars, is not used. Default `USD`. */
  readonly currency?: string;
  /** What calls may cost in a month, and what happens then. Default: there is no budget. */
  readonly budget?: Budget;
  /** Record prompts and answers, up to `limits.contentLength` characters each. Default false. */
  readonly captureContent?: boolean;
  /**
   * Applied to a prompt or an answer before it is recorded, and to what is recorded of the errors of provider stages,
   * because a provider may quote the prompt in one. If it throws, nothing is recorded. Default: as it is.
   */
  readonly redact?: (text: string) => string;
}

const PRICE_IS = 'a number of at least 0 with at most six decimals';

const CHECKS: Record<
  keyof ProviderOptions,
  { readonly is: string; readonly ok: (value: unknown) => boolean }
> = {
  prices: { is: 'an array of prices', ok: Array.isArray },
  currency: { is: 'a currency of three letters', ok: (value) => /^[A-Z]{3}$/.test(String(value)) },
  budget: { is: 'an object with monthly', ok: (value) => typeof value === 'object' && value !== null },
  captureContent: { is: 'true or false', ok: (value) => typeof value === 'boolean' },
  redact: { is: 'a function of a text', ok: (value) => typeof value === 'function' },
};

const PRICE_CHECKS: Record<keyof Price, { readonly is: string; readonly ok: (value: unknown) => boolean }> = {
  provider: { is: 'the name of a provider', ok: isName },
  model: { is: 'a name or a regular expression', ok: (value) => isName(value) || value instanceof RegExp },
  from: { is: 'a day such as 2026-11-21', ok: (value) => value === undefined || isDay(value) },
  input: { is: PRICE_IS, ok: isPrice },
  output: { is: PRICE_IS, ok: isPrice },
  cachedInput: { is: PRICE_IS, ok: (value) => value === undefined || isPrice(value) },
  reasoning: { is: PRICE_IS, ok: (value) => value === undefined || isPrice(value) },
  perCall: { is: PRICE_IS, ok: (value) => value === undefined || isPrice(value) },
};

/**
 * The options as given, if they can be meant.
 * @throws TypeError naming the option, its value and what is right.
 */
export function checkedProviderOptions(given: ProviderOptions): ProviderOptions {
  check('provider', given, CHECKS, false);
  if (given.budget !== undefined) check('provider.budget', given.budget, BUDGET_CHECKS, true);
  given.prices?.forEach((price: unknown, index) => {
    if (typeof price !== 'object' || price === null) {
      throw new TypeError(
        `ObservabilityModule: option provider.prices[${index}] must be a price, got ${String(price)}`,
      );
    }
    check(`provider.prices[${index}]`, price as Price, PRICE_CHECKS, true);
  });
  return given;
}

function check<T extends object>(
  path: string,
  given: T,
  checks: Record<keyof T, { readonly is: string; readonly ok: (value: unknown) => boolean }>,
  all: boolean,
): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(checks, name)) continue;
    const known = Object.keys(checks).join(', ');
    throw new TypeError(`ObservabilityModule: unknown option ${path}.${name}; known are ${known}`);
  }
  for (const name of Object.keys(checks) as (keyof T & string)[]) {
    const value: unknown = given[name];
    if ((value === undefined && !all) || checks[name].ok(value)) continue;
    throw new TypeError(
      `ObservabilityModule: option ${path}.${name} must be ${checks[name].is}, got ${inspect(value, { depth: 1 })}`,
    );
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}

function isPrice(value: unknown): boolean {
  if (typeof value !== 'number' || !(value >= 0 && value < 1e9)) return false;
  return Math.round(value * 1e6) / 1e6 === value;
}
