type Labels = Readonly<Record<string, string>>;

/** The counters of a gateway at one moment. */
export class Scrape {
  readonly #lines: readonly string[];

  private constructor(text: string) {
    this.#lines = text.split('\n');
  }

  static async of(url: string): Promise<Scrape> {
    return new Scrape(await (await fetch(`${url}/metrics`)).text());
  }

  /** The sum of a metric over all series that have these labels; 0 where there is none. */
  sum(metric: string, labels: Labels = {}): number {
    return this.value(metric, labels) ?? 0;
  }

  /** The same; undefined where there is none, which says something else than 0. */
  value(metric: string, labels: Labels = {}): number | undefined {
    const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    const values = this.#lines
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }
}
