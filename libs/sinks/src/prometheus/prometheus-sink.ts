import { register as defaultRegistry } from 'prom-client';
import type { Sink, StageCounter, StageExecution, TraceIdentity } from '@followspot/core';
import type { GenAiNaming } from '../gen-ai-names.js';
import type { BudgetSource } from './budget-figures.js';
import { measureProcess } from './default-metrics.js';
import { Exposition, type Scrape, type ScrapeFormat } from './exposition.js';
import { type FigureOptions, Figures } from './figures.js';
import { genAiDefinitions } from './gen-ai-figures.js';
import type { LabelLimits } from './label-values.js';
import { METRICS } from './metric-table.js';
import { type MetricsRegistry, registerAll, RegisteredMetric, unregister } from './registry.js';
import type { DropSource } from './self-figures.js';
import type { OpenStream } from './stream-figures.js';
import type { MetricsSummary } from './summary.js';

/** Options of {@link PrometheusSink}; every one has a default. */
export interface PrometheusSinkOptions {
  /** Where the metrics are put. Default: prom-client's own registry, which the application's metrics are in too. */
  readonly registry?: MetricsRegistry;
  /** Different values that one label may have; what comes later counts as `other`. Default 256. */
  readonly labelValues?: number;
  /** Different combinations of labels that one metric may have; what comes later counts as `other`. Default 1,000. */
  readonly labelSets?: number;
  /** Of costs whose stage has no attribute `costCurrency`, by ISO 4217. Default `USD`. */
  readonly currency?: string;
  /**
   * Shows calls of providers also under the names that OpenTelemetry has for them: of semantic conventions 1.41, the
   * latest, or both. About 90 series for each model and set. Default: not at all.
   */
  readonly genAi?: GenAiNaming | undefined;
}

/** The bounds by default. */
const DEFAULT_LABEL_LIMITS: LabelLimits = { labelValues: 256, labelSets: 1_000 };

/** What several sinks of a process share because they count for the same registry. */
interface Shared {
  readonly figures: Figures;
  readonly metrics: readonly RegisteredMetric[];
  users: number;
}

const byRegistry = new WeakMap<MetricsRegistry, Shared>();

/**
 * Derives metrics from every ended stage, kept or not. Sinks on the same registry count together, because a scrape is
 * of the process: two applications in it make one total, and a test that starts an application again meets no
 * "already registered".
 */
export class PrometheusSink implements Sink {
  readonly name = 'prometheus';
  readonly scope = 'all';
  /** Where the metrics are put. */
  readonly registry: MetricsRegistry;
  readonly #sources: DropSource[] = [];
  readonly #budgets: BudgetSource[] = [];
  readonly #exposition: Exposition;
  #shared: Shared;
  #isRegistered = false;

  /** @throws RangeError when a bound is not a whole number from 1 to 100,000. */
  constructor(options: PrometheusSinkOptions = {}) {
    this.registry = options.registry ?? defaultRegistry;
    this.#exposition = new Exposition(this.registry);
    this.#shared = sharedBy({
      limits: labelLimitsOf(options),
      currency: options.currency ?? 'USD',
      genAi: options.genAi,
    });
  }

  /**
   * Puts the metrics into the registry; joins the sink that has done so before, and puts back what was cleared since.
   * Safe to call twice. What was counted earlier is shown only if this sink is the first.
   * @throws Error when the application has a metric of the same name in the registry.
   */
  register(): this {
    if (this.#isRegistered) return this;
    const others = byRegistry.get(this.registry);
    registerAll(this.registry, (others ?? this.#shared).metrics);
    measureProcess(this.registry);
    if (others === undefined) {
      byRegistry.set(this.registry, this.#shared);
    } else {
      this.#shared = others;
      for (const source of this.#sources) this.#figures.self.add(source);
      for (const budget of this.#budgets) this.#figures.budgets.add(budget);
    }
    this.#shared.users += 1;
    this.#isRegistered = true;
    return this;
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    this.#figures.record(stage, trace);
  }

  /** Plain stages are counted without a record of them. */
  counterOf(stageId: string): StageCounter {
    let shared = this.#shared;
    let figures = shared.figures.stages.of(stageId);
    return (stage) => {
      // Joined another sink's figures since.
      if (shared !== this.#shared) {
        shared = this.#shared;
        figures = shared.figures.stages.of(stageId);
      }
      shared.figures.count(stage, figures);
    };
  }

  /** Reads this engine's drop counts at every scrape. */
  readDrops(source: DropSource): void {
    this.#sources.push(source);
    this.#figures.self.add(source);
  }

  /** Reads this budget at every scrape and in every summary. */
  readBudget(source: BudgetSource): void {
    this.#budgets.push(source);
    this.#figures.budgets.add(source);
  }

  /**
   * Everything that is in the registry, of the application too, and prom-client's metrics of the process unless the
   * application has them there; they are in no registry of the application. Others have their turn while it is written; calls at
   * the same time share one scrape.
   */
  async scrape(format: ScrapeFormat): Promise<Scrape> {
    const scrape = await this.#exposition.scrape(format);
    this.#figures.self.scrapeMs = scrape.busyMs;
    return scrape;
  }

  /** What a person asks first. */
  summary(): MetricsSummary {
    return this.#figures.summary();
  }

  /** A request is being answered. */
  requestOpened(): void {
    this.#figures.requests.inFlight += 1;
  }

  /** It is no longer. */
  requestClosed(): void {
    this.#figures.requests.inFlight -= 1;
  }

  /** A stream is open, until what this returns is told that it is closed. */
  streamOpened(route: string): OpenStream {
    return this.#figures.streams.opened(route);
  }

  /** The last sink of a registry to be closed takes the metrics out of it. */
  close(): void {
    for (const source of this.#sources.splice(0)) this.#figures.self.retire(source);
    for (const budget of this.#budgets.splice(0)) this.#figures.budgets.remove(budget);
    if (!this.#isRegistered) return;
    this.#isRegistered = false;
    this.#shared.users -= 1;
    if (this.#shared.users > 0) return;
    byRegistry.delete(this.registry);
    for (const metric of this.#shared.metrics) unregister(this.registry, metric);
  }

  get #figures(): Figures {
    return this.#shared.figures;
  }
}

function sharedBy(options: FigureOptions): Shared {
  const figures = new Figures(options);
  // Ours last, because the last of them counts the series of all.
  const definitions = [...genAiDefinitions(options.genAi), ...Object.entries(METRICS)];
  const metrics = definitions.map(
    ([name, definition]) => new RegisteredMetric(name, definition, () => figures.samplesOf(name)),
  );
  return { figures, metrics, users: 0 };
}

function labelLimitsOf(options: PrometheusSinkOptions): LabelLimits {
  const limits = { ...DEFAULT_LABEL_LIMITS };
  for (const name of ['labelValues', 'labelSets'] as const) {
    const value = options[name] ?? limits[name];
    if (!Number.isInteger(value) || value < 1 || value > 100_000) {
      throw new RangeError(`${name} must be a whole number from 1 to 100,000, got ${String(value)}`);
    }
    limits[name] = value;
  }
  return limits;
}
