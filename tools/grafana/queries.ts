import { increasePer, quantilePer, ratePer } from '../monitoring/promql.ts';

/** Long enough for several scrapes, whatever is shown; Grafana knows the scrape interval. */
const INTERVAL = '$__rate_interval';
/** All that is shown. */
const RANGE = '$__range';

const JOB = 'job=~"$job"';
const ROUTE = `${JOB}, route=~"$endpoint"`;
const PROVIDER = `${JOB}, provider=~"$provider"`;

/** A metric restricted to what the variables say, and to further matchers. */
const select =
  (base: string) =>
  (metric: string, ...matchers: readonly string[]): string =>
    `${metric}{${[base, ...matchers].join(', ')}}`;

/** Series of a service. */
export const ofJob = select(JOB);
/** Series of the chosen endpoints. */
export const ofRoute = select(ROUTE);
/** Series of the chosen providers. */
export const ofProvider = select(PROVIDER);

/** Per second, one series per combination of labels. */
export const perSecond = (labels: readonly string[], selector: string): string =>
  ratePer(labels, selector, INTERVAL);

/** How many in the shown time. */
export const inShownTime = (labels: readonly string[], selector: string): string =>
  increasePer(labels, selector, RANGE);

/** A quantile over all replicas. */
export const quantile = (labels: readonly string[], q: number, selector: string): string =>
  quantilePer(labels, q, selector, INTERVAL);
