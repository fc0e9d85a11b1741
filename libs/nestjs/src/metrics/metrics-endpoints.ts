import type { IncomingMessage } from 'node:http';
import type { Recorder } from '@followspot/core';
import type { PrometheusSink, Scrape, ScrapeFormat } from '@followspot/sinks/prometheus';
import { prefersOpenMetrics } from './accept.js';
import { healthOf } from './health.js';
import { RecentErrors } from './recent-errors.js';

/** A scrape that is not older than this still tells what can be read, in milliseconds. */
const FRESH_MS = 15_000;

/** What an endpoint answers; an object goes out as JSON. */
export interface EndpointAnswer {
  readonly status: number;
  readonly body: string | object;
  readonly contentType?: string;
}

/** One endpoint: its path and its answer. */
export interface Endpoint {
  readonly path: string;
  answer(request: IncomingMessage): Promise<EndpointAnswer>;
}

/** What `GET /metrics`, `GET /metrics/health` and `GET /metrics/summary` answer. */
export class MetricsEndpoints {
  readonly all: readonly Endpoint[];
  readonly #sink: PrometheusSink;
  readonly #recorder: Recorder;
  readonly #errors = new RecentErrors();
  /** Internal errors that are the application's metrics, which have a part of their own in the health. */
  #unreadable = 0;
  #latest: { readonly scrape: Scrape; readonly atMs: number } | undefined;

  constructor(path: string, sink: PrometheusSink, recorder: Recorder) {
    this.#sink = sink;
    this.#recorder = recorder;
    this.all = [
      { path, answer: (request) => this.scrape(request) },
      { path: `${path}/health`, answer: () => this.health() },
      { path: `${path}/summary`, answer: () => this.summary() },
    ];
  }

  async scrape(request: IncomingMessage): Promise<EndpointAnswer> {
    this.#recorder.deliver();
    const format: ScrapeFormat = prefersOpenMetrics(request.headers.accept) ? 'openmetrics' : 'text';
    const { contentType, body } = await this.#scraped(format);
    return { status: 200, contentType, body };
  }

  async health(): Promise<EndpointAnswer> {
    this.#recorder.deliver();
    const latest = this.#latest;
    const isFresh = latest !== undefined && performance.now() - latest.atMs < FRESH_MS;
    const { unreadable } = isFresh ? latest.scrape : await this.#scraped('text');
    const sinkErrors = this.#recorder.drops.internalErrors - this.#unreadable;
    const health = healthOf(this.#recorder, this.#errors, sinkErrors, unreadable);
    return { status: health.status === 'up' ? 200 : 503, body: health };
  }

  summary(): Promise<EndpointAnswer> {
    this.#recorder.deliver();
    return Promise.resolve({ status: 200, body: this.#sink.summary() });
  }

  async #scraped(format: ScrapeFormat): Promise<Scrape> {
    const scrape = await this.#sink.scrape(format);
    // Twenty at a time share one scrape and one error.
    if (scrape !== this.#latest?.scrape) {
      for (const [metric, error] of Object.entries(scrape.unreadable)) {
        this.#unreadable += 1;
        this.#recorder.reportInternalError(`metric ${metric}`, error);
      }
    }
    this.#latest = { scrape, atMs: performance.now() };
    return scrape;
  }
}
