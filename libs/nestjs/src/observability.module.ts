import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_INTERCEPTOR, ExternalContextCreator, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { DEFAULT_CLOSE_TIMEOUT_MS, ExecutionTracker, Recorder } from '@followspot/core';
import { LogSink, ObservabilityLogger } from '@followspot/sinks/log';
import type { PrometheusSink } from '@followspot/sinks/prometheus';
import type { ObservabilityOptions } from './config/observability-options.js';
import { type ResolvedOptions, resolveOptions } from './config/resolve-options.js';
import { followHandlers } from './http/handler-seam.js';
import { beforeClosing, hasAdapter, listenToRequests, mountTracing } from './http/mount-tracing.js';
import { NO_WATCHER } from './stream/open-watcher.js';
import { TraceIdInterceptor } from './http/trace-id.interceptor.js';
import { type ExchangeOpener, exchangeOpener } from './http/trace-middleware.js';
import { createLogWriter } from './logging/log-writer.js';
import { endpointGuard } from './metrics/endpoint-guard.js';
import { loadMetrics } from './metrics/load-metrics.js';
import { MetricsEndpoints } from './metrics/metrics-endpoints.js';
import { MountedEndpoints } from './metrics/mount-endpoints.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './observability.module-definition.js';
import { BudgetSink } from './provider/budget-sink.js';
import { ProviderMeasures } from './provider/provider-measures.js';
import { observableShape } from './rxjs/observable-shape.js';

const RESOLVED_OPTIONS = Symbol('Followspot options');
const METRICS = Symbol('Followspot metrics');
const FOLLOWS_HANDLERS = Symbol('Followspot follows handlers');

/** The applications that have the module: Nest makes one host for each. */
const applications = new WeakSet<HttpAdapterHost>();

/**
 * Followspot in a Nest application: import `ObservabilityModule.forRoot()` once, and every request has a trace.
 * Global: `ExecutionTracker` and `ObservabilityLogger` can be injected everywhere.
 */
@Global()
@Module({
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      inject: [{ token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: (options?: ObservabilityOptions) => resolveOptions(options ?? {}, process.env),
    },
    {
      provide: ObservabilityLogger,
      inject: [RESOLVED_OPTIONS],
      useFactory: async ({ log }: ResolvedOptions) => new ObservabilityLogger(await createLogWriter(), log),
    },
    {
      provide: METRICS,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ metrics, provider }: ResolvedOptions) =>
        loadMetrics({ ...metrics, currency: provider?.currency }),
    },
    { provide: ProviderMeasures, inject: [RESOLVED_OPTIONS], useFactory: createMeasures },
    {
      provide: Recorder,
      inject: [RESOLVED_OPTIONS, ObservabilityLogger, METRICS, ProviderMeasures],
      useFactory: createRecorder,
    },
    {
      provide: ExecutionTracker,
      inject: [Recorder],
      useFactory: (recorder: Recorder) => new ExecutionTracker(recorder),
    },
    { provide: FOLLOWS_HANDLERS, inject: [ExternalContextCreator], useFactory: followHandlers },
    {
      provide: APP_INTERCEPTOR,
      inject: [FOLLOWS_HANDLERS],
      // Nest skips a factory that makes nothing.
      useFactory: (isFollowing: boolean) => (isFollowing ? undefined : new TraceIdInterceptor()),
    },
  ],
  exports: [ExecutionTracker, ObservabilityLogger],
})
export class ObservabilityModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #recorder: Recorder;
  readonly #host: HttpAdapterHost;
  readonly #openExchange: ExchangeOpener;
  readonly #closeTimeoutMs: number;
  readonly #metrics: PrometheusSink | undefined;
  readonly #guard: ResolvedOptions['metrics']['guard'];
  readonly #endpoints: MountedEndpoints | undefined;
  readonly #moduleRef: ModuleRef;
  #isShuttingDown = false;
  #lastResort: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Recorder) recorder: Recorder,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(METRICS) metrics: PrometheusSink | undefined,
    @Inject(FOLLOWS_HANDLERS) followsHandlers: boolean,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModuleRef) moduleRef: ModuleRef,
  ) {
    super();
    if (applications.has(host)) {
      throw new Error(
        'ObservabilityModule is set up twice in this application, and each would trace every request. ' +
          'Import ObservabilityModule.forRoot() once, in the root module; ExecutionTracker is then known everywhere.',
      );
    }
    applications.add(host);
    this.#recorder = recorder;
    this.#host = host;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS;
    this.#metrics = metrics;
    this.#guard = options.metrics.guard;
    this.#moduleRef = moduleRef;
    const endpoints = metrics && new MetricsEndpoints(options.metrics.path, metrics, recorder);
    this.#endpoints = endpoints && new MountedEndpoints(host, endpoints.all);
    this.#openExchange = exchangeOpener(
      recorder,
      options,
      { isShuttingDown: () => this.#isShuttingDown, watcher: metrics ?? NO_WATCHER, followsHandlers },
      (request) => this.#endpoints?.isFor(request) === true,
    );
    mountTracing(host, this.#openExchange);
    beforeClosing(host, () => {
      this.#isShuttingDown = true;
    });
  }

  /** @throws TypeError or RangeError at start-up, naming the option or environment variable that is wrong. */
  static override forRoot(options: ObservabilityOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  configure(): void {
    if (hasAdapter(this.#host)) this.#endpoints?.beforeRoutes();
  }

  /**
   * Every metric that the application's providers make is there by now, so that a name that is taken is noticed.
   * @throws Error when the application has a metric of the same name as one of Followspot's.
   */
  async onModuleInit(): Promise<void> {
    this.#metrics?.register();
    if (!hasAdapter(this.#host)) return;
    listenToRequests(this.#host, this.#openExchange);
    this.#endpoints?.afterRoutes(await endpointGuard(this.#guard, MetricsEndpoints, this.#moduleRef));
  }

  /** From here on, at the latest, a stream that ends is ended by the shutdown. */
  onModuleDestroy(): void {
    this.#isShuttingDown = true;
  }

  /**
   * The server has not cut its connections yet, and the records of the streams that it cuts shall reach the sinks. But
   * where it waits for them (no `forceCloseConnections`) a single open stream keeps `onApplicationShutdown` from ever
   * being called.
   */
  beforeApplicationShutdown(): void {
    this.#lastResort = setTimeout(() => void this.#recorder.close(), this.#closeTimeoutMs).unref();
  }

  /** Every connection is closed. */
  onApplicationShutdown(): Promise<void> {
    clearTimeout(this.#lastResort);
    return this.#recorder.close();
  }
}

/** An application that has the option calls models, so what their stages need is loaded before it starts. */
async function createMeasures(options: ResolvedOptions): Promise<ProviderMeasures> {
  const logger = new Logger('Followspot');
  const measures = new ProviderMeasures(options.provider ?? {}, (message) => {
    logger.warn(message);
  });
  if (options.enabled && options.provider !== undefined) await measures.load();
  if (options.enabled && options.provider?.budget !== undefined && measures.costOf === undefined) {
    logger.warn(
      'There is a budget (provider.budget) and no price, so nothing will count against it but costs that stages state themselves. ' +
        'Install @pydantic/genai-prices or name prices in provider.prices.',
    );
  }
  return measures;
}

function createRecorder(
  options: ResolvedOptions,
  lines: ObservabilityLogger,
  metrics: PrometheusSink | undefined,
  provider: ProviderMeasures,
): Recorder {
  const logger = new Logger('Followspot');
  const logSinks = options.log.enabled ? [new LogSink(lines, options.log)] : [];
  const metricSinks = metrics === undefined ? [] : [metrics];
  const budget = budgetOf(options);
  const budgetSinks = budget === undefined ? [] : [budget];
  const recorder = new Recorder({
    ...options,
    sinks: [...metricSinks, ...budgetSinks, ...logSinks, ...(options.sinks ?? [])],
    shapes: [observableShape],
    provider,
    onInternalError: (place, error) => {
      logger.warn(
        `An error of "${place}" was kept from the application; later ones are only counted. ${String(error)}`,
      );
    },
  });
  lines.reportTo(recorder);
  metrics?.readDrops({
    getDropCounts: () => {
      recorder.deliver();
      return recorder.drops;
    },
  });
  if (budget !== undefined) {
    // Not awaited: whoever knows what was spent before may be slow.
    void budget.start(recorder);
    metrics?.readBudget(budget);
  }
  return recorder;
}

function budgetOf({ enabled, provider = {} }: ResolvedOptions): BudgetSink | undefined {
  const { budget, currency = 'USD' } = provider;
  return enabled && budget !== undefined ? new BudgetSink(budget, currency) : undefined;
}
