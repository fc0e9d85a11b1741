export { Exposition, type Scrape, type ScrapeFormat } from './exposition.js';
export type { Figures } from './figures.js';
export { type MetricDefinition, type MetricName, METRICS } from './metric-table.js';
export { DEFAULT_LABEL_LIMITS, PrometheusSink, type PrometheusSinkOptions } from './prometheus-sink.js';
export type { MetricsRegistry } from './registry.js';
export type { DropSource } from './self-figures.js';
export type { OpenStream, StreamSummary } from './stream-figures.js';
