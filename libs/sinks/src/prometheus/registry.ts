import type { MetricDefinition } from './metric-table.js';
import type { Sample } from './sample.js';

/** What is used of prom-client's `Registry`, which fits as it is. */
export interface MetricsRegistry {
  readonly contentType: string;
  getSingleMetric(name: string): object | undefined;
  removeSingleMetric(name: string): void;
  getMetricsAsArray(): object[];
  registerMetric(metric: never): void;
  metrics(): Promise<string>;
}

/** What a registry asks of a metric. */
export interface MetricData {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator: string;
  readonly values: readonly object[];
}

/** Known to other copies of this module, as hot reloading makes them. */
const OURS = Symbol.for('@followspot/sinks/prometheus');

/**
 * One metric of the sink in prom-client's registry. It is none of prom-client's own classes, because they want every
 * value told when it happens; this one is asked when it is scraped.
 */
export class RegisteredMetric implements MetricData {
  readonly [OURS] = true;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator: string;
  readonly labelNames: readonly string[];
  readonly #read: () => Sample[];

  /** @param name Not readonly: a registry that was switched to OpenMetrics takes `_total` off. */
  constructor(
    public name: string,
    definition: MetricDefinition,
    read: () => Sample[],
  ) {
    this.help = definition.help;
    this.type = definition.type;
    this.labelNames = definition.labels;
    // How prom-client's cluster registry joins the workers: sums, and of percentiles and shares the mean.
    this.aggregator = definition.type === 'gauge' && !isCount(name) ? 'average' : 'sum';
    this.#read = read;
  }

  get values(): readonly Sample[] {
    return this.#read();
  }

  /** For a scrape. */
  getForPromString(): Promise<MetricData> {
    return Promise.resolve(this.#data(this.#read()));
  }

  /** For everybody else: with all labels on each value. */
  get(): Promise<MetricData> {
    const values = this.#read().map(({ sharedLabels, labels, ...sample }) => ({
      ...sample,
      labels: { ...sharedLabels, ...labels },
    }));
    return Promise.resolve(this.#data(values));
  }

  /** What `registry.resetMetrics()` calls. What is counted here is not prom-client's to forget. */
  reset(): void {
    // Nothing: the totals belong to the sink.
  }

  #data(values: readonly object[]): MetricData {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values };
  }
}

/**
 * Puts metrics into the registry, all or none; those that are there stay as they are.
 * @throws Error when the application has a metric of the same name there.
 */
export function registerAll(registry: MetricsRegistry, metrics: readonly RegisteredMetric[]): void {
  const taken = metrics.find(({ name }) => {
    const existing = registry.getSingleMetric(name);
    return existing !== undefined && !(OURS in existing);
  });
  if (taken !== undefined) {
    throw new Error(
      `The metric ${taken.name} is Followspot's, and the application has registered one of the same name. ` +
        'Rename it, or give Followspot a registry of its own: metrics: { registry: new Registry() }',
    );
  }
  for (const metric of metrics) {
    if (registry.getSingleMetric(metric.name) === metric) continue;
    registry.removeSingleMetric(metric.name);
    registry.registerMetric(metric as never);
  }
}

/** Takes it out again, unless another one has taken its place. */
export function unregister(registry: MetricsRegistry, metric: RegisteredMetric): void {
  if (registry.getSingleMetric(metric.name) === metric) registry.removeSingleMetric(metric.name);
}

function isCount(name: string): boolean {
  return /_active$|_in_flight$|_series$/.test(name);
}
