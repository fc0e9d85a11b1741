import { collectDefaultMetrics } from 'prom-client';
import type { MetricsRegistry } from './registry.js';

/** The metric by which it is known that the process is measured already, under whatever prefix. */
const TELLTALE = /(^|_)process_cpu_user_seconds(_total)?$/;

/** prom-client's metrics of the process, unless the application has them. */
export class DefaultMetrics {
  #added: string[] = [];

  addTo(registry: MetricsRegistry): void {
    const before = namesIn(registry);
    if (before.some((name) => TELLTALE.test(name))) return;
    collectDefaultMetrics({ register: registry as never });
    this.#added = namesIn(registry).filter((name) => !before.includes(name));
  }

  /** Leaves room for an application that measures the process itself next time. */
  removeFrom(registry: MetricsRegistry): void {
    for (const name of this.#added) registry.removeSingleMetric(name);
    this.#added = [];
  }
}

function namesIn(registry: MetricsRegistry): string[] {
  return registry.getMetricsAsArray().map((metric) => (metric as { readonly name: string }).name);
}
