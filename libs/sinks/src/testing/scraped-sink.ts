import { Registry } from 'prom-client';
import type { StageExecution, TraceIdentity } from '@followspot/core';
import type { ScrapeFormat } from '../prometheus/exposition.js';
import { PrometheusSink, type PrometheusSinkOptions } from '../prometheus/prometheus-sink.js';
import { traceOf } from './stages.js';

/** A sink on a registry of its own, read the way Prometheus does. */
export class ScrapedSink {
  readonly registry: Registry;
  readonly sink: PrometheusSink;

  constructor(options: PrometheusSinkOptions = {}, registry = new Registry()) {
    this.registry = registry;
    this.sink = new PrometheusSink({ ...options, registry }).register();
  }

  record(stage: StageExecution, trace: TraceIdentity = traceOf()): void {
    this.sink.record(stage, trace);
  }

  /** All lines of a scrape that are no comments. */
  async lines(format: ScrapeFormat = 'text'): Promise<string[]> {
    const { body } = await this.sink.scrape(format);
    return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** The lines of one metric without its name: labels and value. */
  async of(name: string): Promise<string[]> {
    const own = (await this.lines()).filter(
      (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
    );
    return own.map((line) => line.slice(name.length).trim());
  }

  /** The value of a line that is there once. */
  async value(series: string): Promise<number> {
    const found = (await this.lines()).filter((line) => line.startsWith(`${series} `));
    if (found.length !== 1) throw new Error(`${found.length} lines of ${series}`);
    return Number(found[0]!.slice(series.length));
  }
}
