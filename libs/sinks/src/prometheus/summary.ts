import type { BudgetSummary } from './budget-figures.js';
import type { CacheSummary } from './cache-figures.js';
import type { Figures } from './figures.js';
import type { ProviderSummary } from './provider-summary.js';
import type { RouteSummary } from './request-figures.js';
import type { StreamSummary } from './stream-figures.js';
import { WINDOW_MS } from './window.js';

/** What a person asks first. Rates and percentiles are of the window, everything else since the start. */
export interface MetricsSummary {
  readonly uptimeSeconds: number;
  /** The length of the window. */
  readonly windowSeconds: number;
  readonly requests: {
    readonly total: number;
    readonly inFlight: number;
    /** 0 to 1, in the window; 0 when there was no request. */
    readonly errorRate: number;
    /** Routes that were asked for in the window. */
    readonly routes: Readonly<Record<string, RouteSummary>>;
  };
  readonly streams: StreamSummary;
  /** Every cache that was asked since the start. */
  readonly caches: Readonly<Record<string, CacheSummary>>;
  readonly providers: Readonly<Record<string, ProviderSummary>>;
  /** Of each application that has a budget. */
  readonly budgets: readonly BudgetSummary[];
  /** Ended traces of requests, and how many of them were kept. */
  readonly traces: { readonly all: number; readonly kept: number };
  /** Bounds that have turned something away. */
  readonly drops: Readonly<Record<string, number>>;
  readonly internalErrors: number;
}

/** The figures as they are now. */
export function summaryOf(figures: Figures): MetricsSummary {
  const { requests, streams, caches, providers, budgets, traces, self } = figures;
  return {
    uptimeSeconds: Math.round(process.uptime()),
    windowSeconds: WINDOW_MS / 1_000,
    requests: requests.summary(),
    streams: streams.summary(),
    caches: caches.summary(),
    providers: providers.summary(),
    budgets: budgets.summaries(),
    traces: traces.summary(),
    drops: Object.fromEntries([...self.drops].filter(([, count]) => count > 0)),
    internalErrors: self.internalErrors,
  };
}
