export type { Scrape, ScrapeFormat } from './exposition.js';
export { type MetricDefinition, type MetricName, METRICS } from './metric-table.js';
export { PrometheusSink, type PrometheusSinkOptions } from './prometheus-sink.js';
export type { ProviderCosts, ProviderSummary } from './provider-summary.js';
export type { MetricsRegistry } from './registry.js';
export type { RouteSummary } from './request-figures.js';
export type { DropSource } from './self-figures.js';
export type { OpenStream, StreamSummary } from './stream-figures.js';
export type { MetricsSummary } from './summary.js';
