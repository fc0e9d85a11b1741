import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsRegistry } from './registry.js';

/** The metric by which it is known that the process is measured already, under whatever prefix. */
const TELLTALE = /(^|_)process_cpu_user_seconds(_total)?$/;

let ofProcess: Registry | undefined;

/**
 * prom-client's metrics of the process that are to be shown beside a registry: none when the application has them
 * there. They are in a registry of their own, so that an application may collect them itself at any time:
 * `collectDefaultMetrics` throws where they are already. There is one process, so all sinks share them.
 */
export function defaultMetricsBeside(registry: MetricsRegistry): object[] {
  const known = new Set(registry.getMetricsAsArray().map(nameOf));
  if ([...known].some((name) => TELLTALE.test(name))) return [];
  return measured()
    .getMetricsAsArray()
    .filter((metric) => !known.has(nameOf(metric)));
}

/** Measures the process from now on, unless the application does. */
export function measureProcess(registry: MetricsRegistry): void {
  if (!registry.getMetricsAsArray().some((metric) => TELLTALE.test(nameOf(metric)))) measured();
}

function measured(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

function nameOf(metric: object): string {
  return (metric as { readonly name: string }).name;
}
