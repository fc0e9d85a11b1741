/**
 * The share of `part` in `whole`, 0..1; NaN, which no comparison holds for, without traffic. Followspot exports a
 * counter of failures from 0 on, beside the one of all: "no errors" never looks like "no data".
 */
export function share(part: string, whole: string): string {
  return `${part}\n/ ${whole}`;
}

/** The counter's increase per second, summed up to one series per combination of `labels`. */
export function ratePer(labels: readonly string[], selector: string, range: string): string {
  return `sum by (${labels.join(', ')}) (rate(${selector}[${range}]))`;
}

/** What the counter grew by in `range`, summed up to one series per combination of `labels`. */
export function increasePer(labels: readonly string[], selector: string, range: string): string {
  return `sum by (${labels.join(', ')}) (increase(${selector}[${range}]))`;
}

/**
 * A quantile over all replicas: their buckets are added first. A mean of percentiles would be no percentile.
 * @param selector The histogram, without `_bucket`.
 */
export function quantilePer(labels: readonly string[], q: number, selector: string, range: string): string {
  const bucket = selector.replace(/^[a-z_]+/, '$&_bucket');
  return `histogram_quantile(${q}, ${ratePer([...labels, 'le'], bucket, range)})`;
}

/** Matches a bucket's bound however it is written: OpenMetrics says `5.0` where Prometheus' own format says `5`. */
export function upTo(bound: number): string {
  return Number.isInteger(bound) ? `le=~"${bound}([.]0)?"` : `le="${bound}"`;
}
