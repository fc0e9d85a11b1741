import type { StageExecution, TraceIdentity } from '@followspot/core';
import { REQUEST_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByLabel, type LabelSets, type LabelValues, OTHER } from './label-values.js';
import { type Labels, plainSample, type Sample, sampleOf } from './sample.js';
import type { MetricsSummary } from './summary.js';
import { type WindowClock, WindowCount, WindowQuantiles } from './window.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY'];
const OTHER_METHOD = METHODS.length;
const METHOD_LABELS = [...METHODS, '_OTHER'];
const METHOD_INDEX = new Map<unknown, number>(METHODS.map((method, index) => [method, index]));
/** By the first digit of the status; 0 is for a request whose client left before it was answered. */
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** Requests with one method, route and class of status. */
class RequestSeries {
  count = 0;
  errors = 0;
  durations: Histogram | undefined;

  /** @param errorLabels The same object for all series of the route and the method: their errors are shown as one. */
  constructor(
    readonly labels: Labels,
    readonly errorLabels: Labels,
  ) {}
}

/** Requests of one route. */
class RouteFigures {
  readonly series: (RequestSeries | undefined)[] = Array.from<undefined>({
    length: METHOD_LABELS.length * STATUS_CLASSES.length,
  });
  readonly durations: WindowQuantiles;
  readonly window: WindowCount;
  readonly labels: Labels;
  readonly errorLabels: readonly Labels[];

  constructor(
    readonly route: string,
    clock: WindowClock,
  ) {
    this.durations = new WindowQuantiles(clock);
    this.window = new WindowCount(clock);
    this.labels = { route };
    this.errorLabels = METHOD_LABELS.map((method) => ({ method, route }));
  }
}

/** What one route did in the window; streams have no percentiles here. */
export interface RouteSummary {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
}

/** What is counted of ended requests. */
export class RequestFigures {
  readonly #routes: ByLabel<RouteFigures>;
  readonly #sets: LabelSets;
  readonly #window: WindowCount;
  /** Requests that are being answered. */
  inFlight = 0;

  constructor(routes: LabelValues, sets: LabelSets, clock: WindowClock) {
    this.#routes = new ByLabel(routes, (route) => new RouteFigures(route, clock));
    this.#sets = sets;
    this.#window = new WindowCount(clock);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, outcome } = stage;
    const method = METHOD_INDEX.get(attributes['method']) ?? OTHER_METHOD;
    const route = this.#routes.get(attributes['route']);
    const series = this.#seriesOf(route, method, statusIndexOf(attributes['statusCode']));
    const isError = outcome === 'error';
    series.count += 1;
    if (isError) series.errors += 1;
    this.#window.add(isError);
    route.window.add(isError);
    if (isStream(stage)) return;
    series.durations ??= new Histogram(REQUEST_BUCKETS);
    series.durations.observeStage(stage, trace);
    route.durations.add(stage.durationMs);
  }

  totals(): Sample[] {
    return this.#allSeries().map(({ labels, count }) => sampleOf(labels, count));
  }

  errors(): Sample[] {
    const sums = new Map<Labels, number>();
    for (const { errorLabels, errors } of this.#allSeries()) {
      sums.set(errorLabels, (sums.get(errorLabels) ?? 0) + errors);
    }
    return [...sums].map(([labels, errors]) => sampleOf(labels, errors));
  }

  /** 0 and not unknown when there was no request: nobody was failed. */
  errorRate(): Sample[] {
    return [plainSample(this.#window.share ?? 0)];
  }

  percentile(share: number): Sample[] {
    return [...this.#routes.all()].flatMap(({ labels, durations }) =>
      (durations.quantiles(share) ?? []).map((value) => sampleOf(labels, value)),
    );
  }

  durations(name: string): Sample[] {
    const samples: Sample[] = [];
    for (const { labels, durations } of this.#allSeries()) durations?.addTo(samples, name, labels);
    return samples;
  }

  summary(): MetricsSummary['requests'] {
    return {
      total: this.#allSeries().reduce((sum, { count }) => sum + count, 0),
      inFlight: this.inFlight,
      errorRate: this.#window.share ?? 0,
      routes: Object.fromEntries(
        [...this.#routes.all()]
          .filter(({ window }) => window.totals.count > 0)
          .map((route) => [route.route, summaryOf(route)]),
      ),
    };
  }

  #seriesOf(route: RouteFigures, method: number, status: number): RequestSeries {
    const at = method * STATUS_CLASSES.length + status;
    return (route.series[at] ??= this.#newSeries(route, method, status));
  }

  #newSeries({ route, errorLabels }: RouteFigures, method: number, status: number): RequestSeries {
    const labels = {
      method: METHOD_LABELS[method] ?? '',
      route,
      status_class: STATUS_CLASSES[status] ?? '',
    };
    if (route === OTHER || this.#sets.admitsOneMore()) {
      return new RequestSeries(labels, errorLabels[method] ?? labels);
    }
    return this.#seriesOf(this.#routes.get(OTHER), method, status);
  }

  #allSeries(): RequestSeries[] {
    const all = [...this.#routes.all()].flatMap(({ series }) => series.filter((one) => one !== undefined));
    // One that was one too many is on its own route and on `other`.
    return [...new Set(all)];
  }
}

function summaryOf({ window, durations }: RouteFigures): RouteSummary {
  const [p50Ms, p95Ms] = durations.quantiles(0.5, 0.95) ?? [];
  const { count, marked } = window.totals;
  const percentiles = p50Ms === undefined || p95Ms === undefined ? {} : { p50Ms, p95Ms };
  return { requests: count, errors: marked, ...percentiles };
}

function statusIndexOf(statusCode: unknown): number {
  const index = typeof statusCode === 'number' ? Math.floor(statusCode / 100) : 0;
  return index in STATUS_CLASSES ? index : 0;
}

/** A stream that was refused before it began has no ending, and is a request like any other. */
function isStream({ substages }: StageExecution): boolean {
  for (const { kind, ending } of substages) if (kind === 'stream' && ending !== undefined) return true;
  return false;
}
