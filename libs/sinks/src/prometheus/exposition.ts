import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { defaultMetricsBeside } from './default-metrics.js';
import type { MetricData, MetricsRegistry } from './registry.js';

/** The two forms of a scrape. */
export type ScrapeFormat = 'text' | 'openmetrics';

/** A scrape, ready to be sent. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
  /** Metrics of the application that could not be read, and why; they are left out. */
  readonly unreadable: Readonly<Record<string, string>>;
  /** For how long it kept the process busy, in milliseconds, in stretches of one or two. */
  readonly busyMs: number;
}

/** After how many milliseconds a scrape lets others have their turn. */
const STRETCH_MS = 1;
/** How much it writes before it looks at the clock: a fifth of that, or all of it in code that never ran before. */
const LINES_AT_ONCE = 100;

/** How long a scrape waits for the application's metrics, all together, in milliseconds. Prometheus gives up after 10 s. */
const READ_MS = 5_000;
/** The share of it that a metric has in any case, when others have used it up. */
const LEAST_SHARE = 0.02;

/** The lines HELP and TYPE. */
const HEADER = /^(# .*\n){2}/;

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
 * Writes everything that is in a registry, and the metrics of the process, in either format, without blocking for long: every millisecond or two it is
 * somebody else's turn. Scrapes that come while one is being written share it.
 *
 * `registry.metrics()` does neither, and in OpenMetrics it takes `_total` off the names of the application's counters
 * for good.
 */
export class Exposition {
  readonly #running = new Map<ScrapeFormat, Promise<Scrape>>();

  /** @param readMs How long a scrape waits for metrics that are late; those that still are then are left out. */
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly readMs = READ_MS,
  ) {}

  /** Everything as it is now. */
  scrape(format: ScrapeFormat): Promise<Scrape> {
    const running = this.#running.get(format);
    if (running !== undefined) return running;
    const scrape = this.#write(format).finally(() => this.#running.delete(format));
    this.#running.set(format, scrape);
    return scrape;
  }

  async #write(format: ScrapeFormat): Promise<Scrape> {
    const turns = new Turns();
    const patience = new Patience(this.readMs);
    const unreadable: [string, string][] = [];
    let body = '';
    const metrics = [...this.registry.getMetricsAsArray(), ...defaultMetricsBeside(this.registry)];
    for (const metric of metrics as AnyMetric[]) {
      try {
        const text = await this.#written(metric, format, turns, patience);
        body += body === '' || format === 'openmetrics' ? text : `\n${text}`;
      } catch (error) {
        unreadable.push([metric.name, String(error)]);
      }
      await turns.pass();
    }
    if (format === 'openmetrics') body += END;
    return {
      contentType: CONTENT_TYPES[format],
      body,
      unreadable: Object.fromEntries(unreadable),
      busyMs: turns.busyMs - patience.waitedMs,
    };
  }

  async #written(metric: AnyMetric, format: ScrapeFormat, turns: Turns, patience: Patience): Promise<string> {
    const { name, ...data } = await patience.awaited(metric.getForPromString?.() ?? metric.get());
    // OpenMetrics names a counter without `_total`, which the registry then puts on each of its lines.
    const isBare = format === 'openmetrics' && data.type === 'counter';
    const shown = { ...data, name: isBare ? name.replace(/_total$/, '') : name };
    // Its values were just put together, which may have taken its time.
    await turns.pass();
    let text = '';
    for (let from = 0; from === 0 || from < data.values.length; from += LINES_AT_ONCE) {
      const values = data.values.slice(from, from + LINES_AT_ONCE);
      const piece = await this.#formatted({ ...shown, values }, format);
      text += from === 0 ? piece : piece.replace(HEADER, '');
      await turns.pass();
    }
    return text;
  }

  /** Asks the same registry, in every respect but that it has this format and nothing else than this metric. */
  async #formatted(data: MetricData, format: ScrapeFormat): Promise<string> {
    const metrics = [{ name: data.name, type: data.type, get: () => Promise.resolve(data) }];
    const view = Object.create(this.registry, {
      contentType: { value: CONTENT_TYPES[format] },
      getMetricsAsArray: { value: () => metrics },
    }) as MetricsRegistry;
    const text = await view.metrics();
    return text.endsWith(END) ? text.slice(0, -END.length) : text;
  }
}

/**
 * Waits for metrics, but not for ever: one whose `collect` never comes back would keep this scrape, and all that share
 * it, from ending.
 */
class Patience {
  readonly #limitMs: number;
  /** For how long nothing was done but to wait. */
  waitedMs = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** @throws Error when the metric is late. */
  async awaited(data: Promise<MetricData>): Promise<MetricData> {
    const startMs = performance.now();
    const waitMs = Math.max(this.#limitMs - this.waitedMs, this.#limitMs * LEAST_SHARE);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new Error(`not read within ${Math.round(waitMs)} ms`));
    }, waitMs).unref();
    try {
      return await Promise.race([data, late]);
    } finally {
      clearTimeout(timer);
      this.waitedMs += performance.now() - startMs;
    }
  }
}

/** Lets others have their turn when it is time. */
class Turns {
  #busyMs = 0;
  #startMs = performance.now();

  get busyMs(): number {
    return this.#busyMs + performance.now() - this.#startMs;
  }

  async pass(): Promise<void> {
    const stretchMs = performance.now() - this.#startMs;
    if (stretchMs < STRETCH_MS) return;
    this.#busyMs += stretchMs;
    await nextTurn();
    this.#startMs = performance.now();
  }
}
