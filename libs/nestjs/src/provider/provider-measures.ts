import type { Cost, PricedCall, ProviderSupport } from '@followspot/core';
import { costByOwnPrices } from './own-prices.js';
import type { ProviderOptions } from './provider-options.js';
import { type CostOf, loadPublicPrices } from './public-prices.js';
import { type CountTokens, loadTokenizer } from './tokenizer.js';

/** Models named in a warning; whatever a caller makes up, the memory of them is bounded. */
const MOST_WARNINGS = 100;

/** Where prices and tokenizer come from; each throws where its package is not installed. */
export interface Loaders {
  readonly prices: () => Promise<CostOf>;
  readonly tokenizer: () => Promise<CountTokens>;
}

/** What is thrown where a package is not installed, by Node and by what bundlers put in its place. */
const NOT_INSTALLED: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * Prices and tokenizer for the engine. The packages they come from are optional; they are loaded when the first
 * provider stage starts, or before where the application says that it has some ({@link load}).
 */
export class ProviderMeasures implements ProviderSupport {
  readonly captureContent: boolean;
  readonly redact: (text: string) => string;
  readonly #options: ProviderOptions;
  readonly #currency: string;
  readonly #warn: (message: string) => void;
  readonly #loaders: Loaders;
  readonly #warned = new Set<string>();
  #loading: Promise<void> | undefined;
  #publicCostOf: CostOf | undefined;
  #countTokens: CountTokens | undefined;
  #hasTokenizer = true;

  constructor(
    options: ProviderOptions,
    warn: (message: string) => void,
    loaders: Loaders = { prices: loadPublicPrices, tokenizer: loadTokenizer },
  ) {
    this.#loaders = loaders;
    this.#options = options;
    this.#currency = options.currency ?? 'USD';
    this.#warn = warn;
    this.captureContent = options.captureContent ?? false;
    this.redact = options.redact ?? ((text) => text);
  }

  /** Undefined where there is no tokenizer, so that nobody keeps text for it. */
  get countTokens(): ((text: string) => number | undefined) | undefined {
    return this.#hasTokenizer ? (text) => this.#countTokens?.(text) : undefined;
  }

  /** Undefined where there is no price at all, so that nobody misses one. */
  get costOf(): CostOf | undefined {
    const hasPrices = this.#publicCostOf !== undefined || this.#options.prices !== undefined;
    return hasPrices ? (call) => this.#costOf(call) : undefined;
  }

  prepare(): void {
    void this.load();
  }

  /** Resolves when everything that is installed has been loaded. Never rejects. */
  load(): Promise<void> {
    this.#loading ??= this.#loadAll();
    return this.#loading;
  }

  async #loadAll(): Promise<void> {
    const prices = this.#currency === 'USD' ? this.#ifInstalled(this.#loaders.prices) : undefined;
    const tokenizer = this.#ifInstalled(this.#loaders.tokenizer);
    this.#publicCostOf = await prices;
    this.#countTokens = await tokenizer;
    this.#hasTokenizer = this.#countTokens !== undefined;
  }

  async #ifInstalled<T>(load: () => Promise<T>): Promise<T | undefined> {
    try {
      return await load();
    } catch (error) {
      if (!NOT_INSTALLED.has((error as { code?: unknown }).code)) this.#warn(String(error));
      return undefined;
    }
  }

  #costOf(call: PricedCall): Cost | undefined {
    const cost =
      costByOwnPrices(this.#options.prices ?? [], this.#currency, call) ?? this.#publicCostOf?.(call);
    if (cost === undefined) this.#warnOnce(`${call.provider} ${call.models.join(', ')}`);
    return cost;
  }

  #warnOnce(model: string): void {
    if (this.#warned.has(model) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(model);
    this.#warn(
      `No price is known for ${model}, so what it costs is not. Name one in the option provider.prices.`,
    );
  }
}
