import type { TokenUsage } from './chunk-reader.js';

/** A call to a provider whose price is asked for. */
export interface PricedCall {
  readonly provider: string;
  /** The model that answered, then the one that was asked for, as far as they are known and differ. */
  readonly models: readonly string[];
  /** Epoch milliseconds of the start of the call. */
  readonly at: number;
  readonly usage: TokenUsage & { readonly inputTokens: number; readonly outputTokens: number };
}

/** What a call cost. */
export interface Cost {
  /** For its tokens. */
  readonly tokenCost: number;
  /** For having been made, where a provider charges for that, too. */
  readonly apiCost?: number | undefined;
  /** Both together. */
  readonly totalCost: number;
  /** Of all three, by ISO 4217. */
  readonly currency: string;
  /** Where the price is from. */
  readonly source: string;
  /** The day whose price it is, `2026-11-21`. */
  readonly date: string;
}

/** What provider stages need and the engine, which has no dependencies, does not bring along. */
export interface ProviderSupport {
  /** Called whenever a provider stage starts; the place to load what the other two need. */
  readonly prepare?: () => void;
  /** Tokens of a text, about; undefined as long as that cannot be said. Default: tokens are never estimated. */
  readonly countTokens?: ((text: string) => number | undefined) | undefined;
  /** What a call cost; undefined when there is no price for it. Default: costs are never known. */
  readonly costOf?: ((call: PricedCall) => Cost | undefined) | undefined;
  /** Record prompts and answers, up to the limit `contentLength`. Default false. */
  readonly captureContent?: boolean;
  /**
   * Applied to a prompt or an answer before it is recorded, and to what is recorded of the errors of provider stages,
   * because a provider may quote the prompt in one. If it throws, nothing is recorded. Default: as it is.
   */
  readonly redact?: (text: string) => string;
}
