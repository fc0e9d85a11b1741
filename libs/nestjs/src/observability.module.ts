import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { DEFAULT_CLOSE_TIMEOUT_MS, ExecutionTracker, Recorder } from '@followspot/core';
import { LogSink } from '@followspot/sinks/log';
import type { ObservabilityOptions } from './config/observability-options.js';
import { type ResolvedOptions, resolveOptions } from './config/resolve-options.js';
import { beforeClosing, listenToRequests, mountTracing } from './http/mount-tracing.js';
import { TraceIdInterceptor } from './http/trace-id.interceptor.js';
import { type ExchangeOpener, exchangeOpener } from './http/trace-middleware.js';
import { createLogWriter } from './log-writer.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './observability.module-definition.js';
import { observableShape } from './rxjs/observable-shape.js';

const RESOLVED_OPTIONS = Symbol('Followspot options');

/** The applications that have the module: Nest makes one host for each. */
const applications = new WeakSet<HttpAdapterHost>();

/**
 * Followspot in a Nest application: import `ObservabilityModule.forRoot()` once, and every request has a trace.
 * Global: `ExecutionTracker` can be injected everywhere.
 */
@Global()
@Module({
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      inject: [{ token: MODULE_OPTIONS_TOKEN, optional: true }],
      useFactory: (options?: ObservabilityOptions) => resolveOptions(options ?? {}, process.env),
    },
    { provide: Recorder, inject: [RESOLVED_OPTIONS], useFactory: createRecorder },
    {
      provide: ExecutionTracker,
      inject: [Recorder],
      useFactory: (recorder: Recorder) => new ExecutionTracker(recorder),
    },
    { provide: APP_INTERCEPTOR, useClass: TraceIdInterceptor },
  ],
  exports: [ExecutionTracker],
})
export class ObservabilityModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #recorder: Recorder;
  readonly #host: HttpAdapterHost;
  readonly #openExchange: ExchangeOpener;
  readonly #closeTimeoutMs: number;
  #isShuttingDown = false;
  #lastResort: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Recorder) recorder: Recorder,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
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
    this.#openExchange = exchangeOpener(recorder, options, () => this.#isShuttingDown);
    mountTracing(host, this.#openExchange);
    beforeClosing(host, () => {
      this.#isShuttingDown = true;
    });
  }

  /** @throws TypeError or RangeError at start-up, naming the option or environment variable that is wrong. */
  static override forRoot(options: ObservabilityOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  onModuleInit(): void {
    listenToRequests(this.#host, this.#openExchange);
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

async function createRecorder(options: ResolvedOptions): Promise<Recorder> {
  const logger = new Logger('Followspot');
  const logSinks = options.log ? [new LogSink(await createLogWriter())] : [];
  return new Recorder({
    ...options,
    sinks: [...logSinks, ...(options.sinks ?? [])],
    shapes: [observableShape],
    onInternalError: (place, error) => {
      logger.warn(
        `An error of "${place}" was kept from the application; later ones are only counted. ${String(error)}`,
      );
    },
  });
}
