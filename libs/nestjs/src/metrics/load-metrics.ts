import type * as prometheusSink from '@followspot/sinks/prometheus';
import type { ResolvedMetricsOptions } from '../config/metrics-options.js';

type PrometheusModule = typeof prometheusSink;

/** The options of the metrics, and what they need of others. */
type LoadedMetricsOptions = ResolvedMetricsOptions & {
  /** Of costs whose stage names none. */
  readonly currency?: string | undefined;
};

/**
 * Loads prom-client, an optional peer dependency, and sets up what counts.
 * @returns Undefined when metrics are off, and when nobody asked for them and prom-client is not installed.
 * @throws Error naming the package when metrics are asked for and it is not installed.
 */
export async function loadMetrics(
  { enabled, registry, labelValues, labelSets, genAi, currency }: LoadedMetricsOptions,
  load: () => Promise<PrometheusModule> = () => import('@followspot/sinks/prometheus'),
): Promise<prometheusSink.PrometheusSink | undefined> {
  if (enabled === false) return undefined;
  const prometheus = await load().catch((error: unknown) => {
    if (!isMissingPromClient(error)) throw error;
    if (enabled === undefined) return undefined;
    throw new Error(
      'ObservabilityModule: metrics need the package prom-client, which is not installed. ' +
        'Install it (npm install prom-client@15), or set metrics: { enabled: false }.',
      { cause: error },
    );
  });
  if (prometheus === undefined) return undefined;
  return new prometheus.PrometheusSink({
    ...(registry !== undefined && { registry }),
    ...(labelValues !== undefined && { labelValues }),
    ...(labelSets !== undefined && { labelSets }),
    ...(currency !== undefined && { currency }),
    genAi,
  });
}

function isMissingPromClient(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return isMissing && String(message).includes('prom-client');
}
