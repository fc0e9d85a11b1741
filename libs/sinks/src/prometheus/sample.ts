/** Labels of one series. */
export type Labels = Readonly<Record<string, string | number>>;

/** What a bucket remembers of one of its values: OpenMetrics shows it beside the count. */
export interface Exemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Epoch seconds. */
  readonly timestamp: number;
}

/**
 * One line of a scrape, in the form in which prom-client's metrics hand it to their registry. The registry remembers
 * the text of `sharedLabels` by object, so a series keeps one object for all its lines and scrapes.
 */
export interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly sharedLabels: Labels;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

const NO_LABELS: Labels = Object.freeze({});

/** The line of a counter or a gauge. */
export function sampleOf(sharedLabels: Labels, value: number): Sample {
  return { labels: NO_LABELS, sharedLabels, value };
}

/** The line of a metric that has no labels. */
export function plainSample(value: number): Sample {
  return sampleOf(NO_LABELS, value);
}
