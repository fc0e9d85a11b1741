import { ABORT_LAG, type StageExecution, type StreamEnding, type TraceIdentity } from '@followspot/core';
import { amountOf, isAmount } from './amount.js';
import { ABORT_LAG_BUCKETS, FIRST_EVENT_BUCKETS, GAP_BUCKETS, STREAM_BUCKETS } from './buckets.js';
import { Histogram } from './histogram.js';
import { ByLabel, type LabelValues } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';
import { type WindowClock, WindowQuantiles } from './window.js';

const ENDINGS: readonly StreamEnding[] = [
  'completed',
  'client_disconnect',
  'server_error',
  'upstream_error',
  'timeout',
  'slow_consumer',
  'shutdown',
];
const ENDING_INDEX = new Map<unknown, number>(ENDINGS.map((ending, index) => [ending, index]));

/** Gaps of a route that are put into its histogram together. */
const NEW_GAPS = 64;

/** Streams of one route. */
class RouteStreams {
  readonly labels: Labels;
  readonly endingLabels: readonly Labels[];
  opened = 0;
  active = 0;
  events = 0;
  heartbeats = 0;
  stalls = 0;
  bytes = 0;
  readonly closed = new Float64Array(ENDINGS.length);
  readonly durations: (Histogram | undefined)[] = Array.from<undefined>({ length: ENDINGS.length });
  readonly window: WindowQuantiles;
  firstEvents: Histogram | undefined;
  abortLags: Histogram | undefined;
  #gaps: Histogram | undefined;
  /** Gaps that are not in the histogram yet: to put many in at once costs little more than one. */
  readonly #newGaps = new Float64Array(NEW_GAPS);
  #newGapCount = 0;

  constructor(
    readonly route: string,
    clock: WindowClock,
  ) {
    this.labels = { route };
    this.endingLabels = ENDINGS.map((ending) => ({ route, ending }));
    this.window = new WindowQuantiles(clock);
  }

  gap(gapMs: number): void {
    if (!isAmount(gapMs)) return;
    this.#newGaps[this.#newGapCount] = gapMs;
    this.#newGapCount += 1;
    if (this.#newGapCount === NEW_GAPS) this.#countGaps();
  }

  /** All of them; undefined before the first. */
  get gaps(): Histogram | undefined {
    if (this.#newGapCount > 0) this.#countGaps();
    return this.#gaps;
  }

  #countGaps(): void {
    this.#gaps ??= new Histogram(GAP_BUCKETS);
    for (let at = 0; at < this.#newGapCount; at += 1) this.#gaps.observe(this.#newGaps[at] as number);
    this.#newGapCount = 0;
  }
}

/** A stream while it is open. */
export interface OpenStream {
  /** Two events were this many milliseconds apart. */
  gap(gapMs: number): void;
  /** The stream is no longer open; further calls do nothing. */
  closed(): void;
}

class OpenRouteStream implements OpenStream {
  readonly #streams: RouteStreams;
  #isOpen = true;

  constructor(streams: RouteStreams) {
    this.#streams = streams;
    streams.opened += 1;
    streams.active += 1;
  }

  gap(gapMs: number): void {
    this.#streams.gap(gapMs);
  }

  closed(): void {
    if (this.#isOpen) this.#streams.active -= 1;
    this.#isOpen = false;
  }
}

/** What streams did, for people. */
export interface StreamSummary {
  readonly open: number;
  readonly ended: Readonly<Partial<Record<StreamEnding, number>>>;
  readonly events: number;
  readonly stalls: number;
  /** 95th percentile of the time to the first event in the window. */
  readonly timeToFirstEventP95Ms?: number;
}

/** What is counted of streams. */
export class StreamFigures {
  readonly #routes: ByLabel<RouteStreams>;
  readonly #firstEvents: WindowQuantiles;

  constructor(routes: LabelValues, clock: WindowClock) {
    this.#routes = new ByLabel(routes, (route) => new RouteStreams(route, clock));
    this.#firstEvents = new WindowQuantiles(clock);
  }

  opened(route: string): OpenStream {
    return new OpenRouteStream(this.#routes.get(route));
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, ending, durationMs } = stage;
    const index = ENDING_INDEX.get(ending);
    // It was refused before it began.
    if (index === undefined) return;
    const streams = this.#routes.get(attributes['route']);
    streams.closed[index] = (streams.closed[index] ?? 0) + 1;
    streams.events += amountOf(attributes['events']);
    streams.heartbeats += amountOf(attributes['heartbeats']);
    streams.stalls += amountOf(attributes['stalls']);
    streams.bytes += amountOf(attributes['bytes']);
    (streams.durations[index] ??= new Histogram(STREAM_BUCKETS)).observeStage(stage, trace);
    streams.window.add(durationMs);
    const { timeToFirstEventMs, [ABORT_LAG]: abortLagMs } = attributes;
    if (isAmount(timeToFirstEventMs)) {
      (streams.firstEvents ??= new Histogram(FIRST_EVENT_BUCKETS)).observeOf(
        stage,
        trace,
        timeToFirstEventMs,
      );
      this.#firstEvents.add(timeToFirstEventMs);
    }
    if (isAmount(abortLagMs)) {
      (streams.abortLags ??= new Histogram(ABORT_LAG_BUCKETS)).observeOf(stage, trace, abortLagMs);
    }
  }

  /** The trace was decided to be kept after this stream, which was counted, had ended. */
  remember(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, ending, durationMs } = stage;
    const index = ENDING_INDEX.get(ending);
    if (index === undefined) return;
    const streams = this.#routes.get(attributes['route']);
    streams.durations[index]?.remember(durationMs, stage, trace);
    const { timeToFirstEventMs, [ABORT_LAG]: abortLagMs } = attributes;
    if (isAmount(timeToFirstEventMs)) streams.firstEvents?.remember(timeToFirstEventMs, stage, trace);
    if (isAmount(abortLagMs)) streams.abortLags?.remember(abortLagMs, stage, trace);
  }

  counts(what: 'opened' | 'active' | 'events' | 'heartbeats' | 'stalls' | 'bytes'): Sample[] {
    return [...this.#routes.all()].map((streams) => sampleOf(streams.labels, streams[what]));
  }

  closed(): Sample[] {
    return [...this.#routes.all()].flatMap(({ endingLabels, closed }) =>
      endingLabels.map((labels, index) => sampleOf(labels, closed[index] ?? 0)),
    );
  }

  percentile(share: number): Sample[] {
    return [...this.#routes.all()].flatMap(({ labels, window }) =>
      (window.quantiles(share) ?? []).map((value) => sampleOf(labels, value)),
    );
  }

  durations(name: string): Sample[] {
    const samples: Sample[] = [];
    for (const { endingLabels, durations } of this.#routes.all()) {
      for (const [index, labels] of endingLabels.entries()) durations[index]?.addTo(samples, name, labels);
    }
    return samples;
  }

  distribution(what: 'firstEvents' | 'gaps' | 'abortLags', name: string): Sample[] {
    const samples: Sample[] = [];
    for (const streams of this.#routes.all()) streams[what]?.addTo(samples, name, streams.labels);
    return samples;
  }

  summary(): StreamSummary {
    const all = [...this.#routes.all()];
    const sum = (read: (streams: RouteStreams) => number): number =>
      all.reduce((total, streams) => total + read(streams), 0);
    const ended = ENDINGS.map((ending, index) => [ending, sum(({ closed }) => closed[index] ?? 0)] as const);
    const [timeToFirstEventP95Ms] = this.#firstEvents.quantiles(0.95) ?? [];
    return {
      open: sum(({ active }) => active),
      ended: Object.fromEntries(ended.filter(([, count]) => count > 0)),
      events: sum(({ events }) => events),
      stalls: sum(({ stalls }) => stalls),
      ...(timeToFirstEventP95Ms !== undefined && { timeToFirstEventP95Ms }),
    };
  }
}
