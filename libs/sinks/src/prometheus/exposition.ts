import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { MetricData, MetricsRegistry } from './registry.js';
import type { SelfFigures } from './self-figures.js';

/** The two forms of a scrape. */
export type ScrapeFormat = 'text' | 'openmetrics';

/** A scrape, ready to be sent. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
  /** Metrics of the application that could not be read, and why; they are left out. */
  readonly unreadable: Readonly<Record<string, string>>;
}

/** How long a scrape may keep the process busy at a stretch, in milliseconds; a single metric may take longer. */
const STRETCH_MS = 5;

/** The last line of an OpenMetrics scrape. */
const END = '# EOF\n';

const CONTENT_TYPES: Record<ScrapeFormat, string> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** A metric as a registry has it: prom-client's own, or the sink's. */
interface AnyMetric {
  readonly name: string;
  readonly type: string;
  getForPromString?(): Promise<MetricData>;
  get(): Promise<MetricData>;
}

/**
 * Writes everything that is in a registry, in either format, without blocking for long: metric by metric, and every
 * few milliseconds somebody else's turn. Scrapes that come while one is being written share it.
 *
 * `registry.metrics()` does neither, and in OpenMetrics it takes `_total` off the names of the application's counters
 * for good.
 */
export class Exposition {
  readonly #registry: MetricsRegistry;
  readonly #self: SelfFigures;
  readonly #onError: (metric: string, error: unknown) => void;
  readonly #running = new Map<ScrapeFormat, Promise<Scrape>>();

  /** @param onError Told of a metric of the application that cannot be read; the others are still written. */
  constructor(
    registry: MetricsRegistry,
    self: SelfFigures,
    onError: (metric: string, error: unknown) => void,
  ) {
    this.#registry = registry;
    this.#self = self;
    this.#onError = onError;
  }

  /** Everything as it is now. */
  scrape(format: ScrapeFormat): Promise<Scrape> {
    const running = this.#running.get(format);
    if (running !== undefined) return running;
    const scrape = this.#write(format).finally(() => this.#running.delete(format));
    this.#running.set(format, scrape);
    return scrape;
  }

  async #write(format: ScrapeFormat): Promise<Scrape> {
    const parts: string[] = [];
    const unreadable: [string, string][] = [];
    let busyMs = 0;
    let stretchStartMs = performance.now();
    for (const metric of this.#registry.getMetricsAsArray() as AnyMetric[]) {
      try {
        parts.push(await this.#written(metric, format));
      } catch (error) {
        unreadable.push([metric.name, String(error)]);
        this.#onError(metric.name, error);
      }
      const stretchMs = performance.now() - stretchStartMs;
      if (stretchMs < STRETCH_MS) continue;
      busyMs += stretchMs;
      await nextTurn();
      stretchStartMs = performance.now();
    }
    const body = format === 'openmetrics' ? `${parts.join('')}${END}` : parts.join('\n');
    this.#self.scrapeMs = busyMs + performance.now() - stretchStartMs;
    return { contentType: CONTENT_TYPES[format], body, unreadable: Object.fromEntries(unreadable) };
  }

  /** Asks the same registry, in every respect but that it has this format and nothing else than this metric. */
  async #written(metric: AnyMetric, format: ScrapeFormat): Promise<string> {
    const metrics = [inFormat(metric, format)];
    const view = Object.create(this.#registry, {
      contentType: { value: CONTENT_TYPES[format] },
      getMetricsAsArray: { value: () => metrics },
    }) as MetricsRegistry;
    const text = await view.metrics();
    return text.endsWith(END) ? text.slice(0, -END.length) : text;
  }
}

/** OpenMetrics names a counter without `_total`, which the registry then puts on each of its lines. */
function inFormat(metric: AnyMetric, format: ScrapeFormat): object {
  if (format === 'text' || metric.type !== 'counter') return metric;
  const read = async (): Promise<MetricData> => {
    const data = await (metric.getForPromString?.() ?? metric.get());
    return { ...data, name: data.name.replace(/_total$/, '') };
  };
  return { name: metric.name, type: metric.type, get: read };
}
