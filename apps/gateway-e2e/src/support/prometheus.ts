import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const MONITORING = join(import.meta.dirname, '../../../../monitoring');

/** Where both programs are; undefined when one of them is not installed. */
export const prometheusFolder = (process.env['PATH'] ?? '')
  .split(delimiter)
  .find((folder) => ['prometheus', 'promtool'].every((program) => existsSync(join(folder, program))));

/** A series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule that is loaded. */
export interface LoadedRule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
}

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

/**
 * A Prometheus of the test's own, on a free port of this machine, with the configuration of the repository. Only the
 * target and the intervals are others, and alerts do not wait.
 */
export class Prometheus implements AsyncDisposable {
  readonly #url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.#url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /** Resolves when it listens. */
  static async scraping(target: URL): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'followspot-prometheus-'));
    await adapted('prometheus.yml', folder, [
      [/127\.0\.0\.1:3000/g, target.host],
      [/_interval: \w+/g, '_interval: 1s'],
    ]);
    await adapted('alerts.yml', folder, [[/^( +for:) \w+$/gm, '$1 0s']]);
    const options = {
      'config.file': join(folder, 'prometheus.yml'),
      'storage.tsdb.path': join(folder, 'data'),
      'web.listen-address': '127.0.0.1:0',
      'enable-feature': 'exemplar-storage',
    };
    const child = spawn(
      join(String(prometheusFolder), 'prometheus'),
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return new Prometheus(`http://${await addressOf(child)}`, folder, child);
  }

  /** The series that an expression has now. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.#get<{
      result: { metric: Sample['metric']; value: [number, string] }[];
    }>('query', { query: expression });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The values of a label among the series that match. */
  labelValues(label: string, selector: string): Promise<string[]> {
    return this.#get(`label/${label}/values`, { 'match[]': selector });
  }

  async rules(): Promise<LoadedRule[]> {
    const { groups } = await this.#get<{ groups: { rules: LoadedRule[] }[] }>('rules', {});
    return groups.flatMap(({ rules }) => rules);
  }

  /** The exemplars of the last seconds. */
  async exemplars(metric: string): Promise<Exemplar[]> {
    const now = Date.now() / 1_000;
    const series = await this.#get<{ exemplars: Exemplar[] }[]>('query_exemplars', {
      ...{ query: metric, start: String(now - 5), end: String(now) },
    });
    return series.flatMap(({ exemplars }) => exemplars);
  }

  /**
   * Asks until the answer satisfies, four times per scrape.
   * @throws Error with what was last heard, when that takes longer than `withinMs`.
   */
  async until<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean, withinMs = 60_000): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const answer = await ask();
      if (satisfies(answer)) return answer;
      if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`);
      await delay(250);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    await closed;
    await rm(this.#folder, { recursive: true });
  }

  async #get<T>(path: string, query: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (!response.ok) throw new Error(`${error ?? response.statusText}: ${JSON.stringify(query)}`);
    return data;
  }
}

/** What `promtool check metrics` complains about, line by line. */
export function complaintsAbout(metrics: string): string[] {
  const promtool = join(String(prometheusFolder), 'promtool');
  const { stderr, error } = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stderr.split('\n').filter((line) => line !== '');
}

/** Copies a file of monitoring/; each replacement has to find something. */
async function adapted(
  name: string,
  folder: string,
  replacements: readonly [RegExp, string][],
): Promise<void> {
  let text = await readFile(join(MONITORING, name), 'utf8');
  for (const [pattern, replacement] of replacements) {
    if (text.search(pattern) === -1) throw new Error(`${name} has nothing like ${String(pattern)}`);
    text = text.replace(pattern, replacement);
  }
  await writeFile(join(folder, name), text);
}

/** Reads the log until it tells where Prometheus listens and that it is ready. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('prometheus has no log');
  let address: string | undefined;
  let log = '';
  for await (const line of createInterface(child.stderr)) {
    log += `${line}\n`;
    address ??= /msg="Listening on" address=(\S+)/.exec(line)?.[1];
    if (address !== undefined && line.includes('ready to receive web requests')) break;
  }
  if (address === undefined) throw new Error(`prometheus has ended: ${log}`);
  child.stderr.resume();
  return address;
}
