import type { CountedStage, StageExecution, TraceIdentity } from '@followspot/core';
import type { GenAiNaming } from '../gen-ai-names.js';
import { isAmount } from './amount.js';
import { BudgetFigures } from './budget-figures.js';
import { CacheFigures } from './cache-figures.js';
import { GenAiFigures } from './gen-ai-figures.js';
import { type LabelDrops, type LabelLimits, LabelSets, LabelValues } from './label-values.js';
import type { MetricName } from './metric-table.js';
import { ProviderFigures } from './provider-figures.js';
import { RequestFigures } from './request-figures.js';
import { plainSample, type Sample } from './sample.js';
import { SelfFigures } from './self-figures.js';
import { type OneStageFigures, StageFigures } from './stage-figures.js';
import { StreamFigures } from './stream-figures.js';
import { type MetricsSummary, summaryOf } from './summary.js';
import { TraceFigures } from './trace-figures.js';
import { WindowClock } from './window.js';

const NO_DURATION = 'a duration is not a number from 0 to 2^53 - 1';

/** Reads the samples of each metric; the compiler sees to it that none is missing. */
type Readers = Readonly<Record<MetricName, () => Sample[]>>;

/** What is decided when the first sink of a registry is made. */
export interface FigureOptions {
  readonly limits: LabelLimits;
  /** Of costs whose stage names none. */
  readonly currency: string;
  /** Under which of OpenTelemetry's names calls of providers are shown, too. */
  readonly genAi: GenAiNaming | undefined;
}

/**
 * Everything that is counted, for one registry. A record is a few look-ups and writes into arrays; lines are made
 * when they are scraped.
 */
export class Figures {
  readonly #window = new WindowClock();
  readonly #drops: LabelDrops = { labelValues: 0, labelSets: 0 };
  readonly self = new SelfFigures(this.#drops);
  readonly requests: RequestFigures;
  readonly streams: StreamFigures;
  readonly providers: ProviderFigures;
  readonly genAi: GenAiFigures;
  readonly budgets = new BudgetFigures();
  readonly caches: CacheFigures;
  readonly stages: StageFigures;
  readonly traces = new TraceFigures();
  readonly #readers: Readers;

  constructor({ limits, currency, genAi }: FigureOptions) {
    const label = (): LabelValues => new LabelValues(limits, this.#drops);
    const sets = (): LabelSets => new LabelSets(limits, this.#drops);
    const routes = label();
    this.requests = new RequestFigures(routes, sets(), this.#window);
    this.streams = new StreamFigures(routes, this.#window);
    this.providers = new ProviderFigures(
      { providers: label(), models: label(), routes, currencies: label() },
      sets,
      this.#window,
      currency,
    );
    this.genAi = new GenAiFigures(genAi, label, sets);
    this.caches = new CacheFigures({ caches: label(), currencies: label() }, sets(), this.#window, currency);
    this.stages = new StageFigures(label(), this.#window);
    this.#readers = this.#readersOf();
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    if (!this.self.isTimed) {
      this.#count(stage, trace);
      return;
    }
    const startMs = performance.now();
    this.#count(stage, trace);
    this.self.timed(performance.now() - startMs);
  }

  /** Counts a stage that is not recorded. */
  count(stage: CountedStage, figures: OneStageFigures): void {
    if (this.self.isTimed) this.#countTimed(stage, figures);
    else this.#countPlain(stage, figures);
  }

  #countTimed(stage: CountedStage, figures: OneStageFigures): void {
    const startMs = performance.now();
    this.#countPlain(stage, figures);
    this.self.timed(performance.now() - startMs);
  }

  #countPlain({ outcome, durationMs, endedAt }: CountedStage, figures: OneStageFigures): void {
    if (!isAmount(durationMs) || !isAmount(endedAt)) throw new RangeError(NO_DURATION);
    this.#window.advance(endedAt);
    figures.add(outcome);
    figures.durations.observe(durationMs);
  }

  /** The lines of a metric as they are now. */
  samplesOf(name: string): Sample[] {
    this.#window.advance(Date.now());
    const samples = this.genAi.samplesOf(name) ?? this.#readers[name as MetricName]();
    this.self.lines.set(name, samples.length);
    return samples;
  }

  summary(): MetricsSummary {
    this.#window.advance(Date.now());
    return summaryOf(this);
  }

  #count(stage: StageExecution, trace: TraceIdentity): void {
    const endedAt = stage.startedAt + stage.durationMs;
    if (!isAmount(stage.durationMs) || !isAmount(endedAt)) throw new RangeError(NO_DURATION);
    this.#window.advance(endedAt);
    this.stages.record(stage, trace);
    switch (stage.kind) {
      case 'request':
        this.requests.record(stage, trace);
        this.traces.record(trace);
        if (isRescued(trace)) this.#remember(stage, trace);
        break;
      case 'stream':
        this.streams.record(stage, trace);
        break;
      case 'cache':
        this.caches.record(stage, trace);
        break;
      case 'provider':
        this.providers.record(stage, trace);
        this.genAi.record(stage, trace);
        break;
      default:
    }
  }

  /** The stages of a rescued trace had ended before anybody knew that it would be kept. */
  #remember(root: StageExecution, trace: TraceIdentity): void {
    const pending = [root];
    for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
      if (stage.kind === 'stream') this.streams.remember(stage, trace);
      if (stage.kind === 'provider') this.providers.remember(stage, trace);
      for (const substage of stage.substages) pending.push(substage);
    }
  }

  #readersOf(): Readers {
    const { requests, streams, providers, budgets, caches, stages, traces, self } = this;
    return {
      http_requests_total: () => requests.totals(),
      http_errors_total: () => requests.errors(),
      http_error_rate: () => requests.errorRate(),
      http_request_duration_p50_ms: () => requests.percentile(0.5),
      http_request_duration_p95_ms: () => requests.percentile(0.95),
      http_request_duration_seconds: () => requests.durations('http_request_duration_seconds'),
      http_requests_in_flight: () => [plainSample(requests.inFlight)],
      sse_connections_total: () => streams.counts('opened'),
      sse_connections_active: () => streams.counts('active'),
      sse_connections_closed_total: () => streams.closed(),
      sse_events_total: () => streams.counts('events'),
      sse_heartbeats_total: () => streams.counts('heartbeats'),
      sse_stalls_total: () => streams.counts('stalls'),
      sse_stream_bytes_total: () => streams.counts('bytes'),
      sse_duration_p50_ms: () => streams.percentile(0.5),
      sse_duration_p95_ms: () => streams.percentile(0.95),
      sse_stream_duration_seconds: () => streams.durations('sse_stream_duration_seconds'),
      sse_time_to_first_event_seconds: () =>
        streams.distribution('firstEvents', 'sse_time_to_first_event_seconds'),
      sse_event_gap_seconds: () => streams.distribution('gaps', 'sse_event_gap_seconds'),
      sse_abort_lag_seconds: () => streams.distribution('abortLags', 'sse_abort_lag_seconds'),
      provider_requests_total: () => providers.counts('requests'),
      provider_errors_total: () => providers.counts('errors'),
      provider_latency_p50_ms: () => providers.percentile(0.5),
      provider_latency_p95_ms: () => providers.percentile(0.95),
      provider_request_duration_seconds: () =>
        providers.distribution('durations', 'provider_request_duration_seconds'),
      provider_time_to_first_chunk_seconds: () =>
        providers.distribution('firstChunks', 'provider_time_to_first_chunk_seconds'),
      provider_time_to_first_chunk_from_request_seconds: () =>
        providers.distribution('firstChunksFromRequest', 'provider_time_to_first_chunk_from_request_seconds'),
      provider_aborted_before_first_chunk_total: () => providers.counts('abortedBeforeFirstChunk'),
      provider_tokens_total: () => providers.each('tokens'),
      provider_token_parts_total: () => providers.each('tokenParts'),
      provider_usage_total: () => providers.each('usage'),
      provider_unpriced_total: () => providers.counts('unpriced'),
      token_cost_total: () => providers.costs('tokenCost'),
      api_cost_total: () => providers.costs('apiCost'),
      provider_abandoned_total: () => providers.abandoned('calls'),
      provider_abandoned_tokens_total: () => providers.abandoned('tokens'),
      provider_abandoned_cost_total: () => providers.abandoned('costs'),
      provider_abort_lag_seconds: () => providers.distribution('abortLags', 'provider_abort_lag_seconds'),
      provider_unstopped_total: () => providers.counts('unstopped'),
      provider_budget: () => budgets.samples('monthly'),
      provider_budget_remaining: () => budgets.samples('remaining'),
      cache_hits_total: () => caches.counts('hits'),
      cache_misses_total: () => caches.counts('misses'),
      cache_lookup_duration_seconds: () => caches.durations('cache_lookup_duration_seconds'),
      cache_time_saved_seconds_total: () => caches.secondsSaved(),
      cache_cost_saved_total: () => caches.costsSaved(),
      request_stage_duration_ms: () => stages.durations('request_stage_duration_ms'),
      request_stage_success_rate: () => stages.successRates(),
      request_stages_total: () => stages.totals(),
      trace_requests_total: () => traces.totals(),
      system_uptime_seconds: () => [plainSample(process.uptime())],
      followspot_dropped_total: () => self.dropped(),
      followspot_internal_errors_total: () => self.errors(),
      followspot_record_seconds_total: () => self.recordSeconds(),
      followspot_scrape_duration_seconds: () => self.scrapeSeconds(),
      followspot_series: () => self.series(),
    };
  }
}

function isRescued({ keptBecause }: TraceIdentity): boolean {
  return keptBecause !== undefined && keptBecause !== 'sampled' && keptBecause !== 'forced';
}
