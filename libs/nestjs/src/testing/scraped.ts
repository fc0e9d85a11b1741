import type { RunningApp } from './running-app.js';
import { type Answer, call, type CallOptions } from './http-client.js';

/** Reads the endpoints of an application the way Prometheus does. */
export class Scraped {
  constructor(
    private readonly app: RunningApp,
    private readonly path = '/metrics',
  ) {}

  get(below = '', options: CallOptions = {}): Promise<Answer> {
    return call(this.app.port, `${this.path}${below}`, options);
  }

  /** All lines that are no comments. */
  async lines(): Promise<string[]> {
    const { text } = await this.get();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** The sum of all lines of a metric, whose labels include all of these. */
  async sum(name: string, ...labels: readonly string[]): Promise<number> {
    const own = (await this.lines()).filter(
      (line) =>
        (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) &&
        labels.every((label) => line.includes(label)),
    );
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async json<T>(below: string): Promise<T> {
    return JSON.parse((await this.get(below)).text) as T;
  }
}
