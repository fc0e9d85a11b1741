/** What was spent in one currency since the start, as far as it is known. */
export interface ProviderCosts {
  readonly tokenCost?: number;
  readonly apiCost?: number;
  /** Of both, what was spent on answers that nobody waited for any longer. */
  readonly abandonedCost?: number;
}

/** What one provider did, for people: calls and latency in the window, everything else since the start. */
export interface ProviderSummary {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** 95th percentile of the time from the call to the first content. */
  readonly timeToFirstChunkP95Ms?: number;
  /** Calls that nobody waited for any longer, and the tokens that they produced. */
  readonly abandoned: { readonly calls: number; readonly tokens?: number };
  /** By currency. */
  readonly costs: Readonly<Record<string, ProviderCosts>>;
  /** Calls whose cost is not known, and not in `costs`. */
  readonly unpriced: number;
}
