import { ABORT_LAG, type StageExecution, type TraceIdentity } from '@followspot/core';
import { isAmount } from './amount.js';
import { ABORT_LAG_BUCKETS, PROVIDER_BUCKETS } from './buckets.js';
import { type Costs, isPriced, known } from './cost-figures.js';
import { Histogram } from './histogram.js';
import type { ByLabel } from './label-values.js';
import { type Labels, type Sample, sampleOf } from './sample.js';

/** Where the token counts of a call are from, in the order of the scrape. */
const USAGE_SOURCES = ['provider', 'estimated', 'unknown'] as const;
type UsageSource = (typeof USAGE_SOURCES)[number];

/** Calls of one model of one provider. Tokens stay undefined until they are known: that is not 0. */
export class ModelFigures {
  readonly labels: Labels;
  readonly durations = new Histogram(PROVIDER_BUCKETS);
  firstChunks: Histogram | undefined;
  firstChunksFromRequest: Histogram | undefined;
  abortLags: Histogram | undefined;
  requests = 0;
  errors = 0;
  unpriced = 0;
  /** Abandoned, and gone on with until the grace time was over. */
  unstopped = 0;
  abortedBeforeFirstChunk = 0;
  #inputTokens: number | undefined;
  #outputTokens: number | undefined;
  #cachedInputTokens: number | undefined;
  #reasoningTokens: number | undefined;
  #usage: Record<UsageSource, number> = { provider: 0, estimated: 0, unknown: 0 };
  readonly #inputLabels: Labels;
  readonly #outputLabels: Labels;
  readonly #cachedLabels: Labels;
  readonly #reasoningLabels: Labels;
  readonly #usageLabels: readonly (readonly [UsageSource, Labels])[];

  constructor(
    provider: string,
    model: string,
    readonly costs: ByLabel<Costs>,
  ) {
    const labels = { provider, model };
    this.labels = labels;
    this.#inputLabels = { ...labels, direction: 'input' };
    this.#outputLabels = { ...labels, direction: 'output' };
    this.#cachedLabels = { ...labels, part: 'cached_input' };
    this.#reasoningLabels = { ...labels, part: 'reasoning_output' };
    this.#usageLabels = USAGE_SOURCES.map((source) => [source, { ...labels, usage_source: source }]);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, outcome } = stage;
    this.requests += 1;
    if (outcome === 'error') this.errors += 1;
    this.durations.observeStage(stage, trace);
    this.#countTokens(attributes);
    if (!isPriced(attributes)) this.unpriced += 1;
    const { timeToFirstChunkMs, timeToFirstChunkFromRequestMs } = attributes;
    if (isAmount(timeToFirstChunkMs)) {
      (this.firstChunks ??= new Histogram(PROVIDER_BUCKETS)).observeOf(stage, trace, timeToFirstChunkMs);
    } else if (outcome === 'cancelled' && !hasProduced(attributes)) {
      this.abortedBeforeFirstChunk += 1;
    }
    if (isAmount(timeToFirstChunkFromRequestMs)) {
      this.firstChunksFromRequest ??= new Histogram(PROVIDER_BUCKETS);
      this.firstChunksFromRequest.observeOf(stage, trace, timeToFirstChunkFromRequestMs);
    }
    if (trace.isAborted === true) this.#abandoned(stage, trace);
  }

  /** The trace was decided to be kept after this call, which was counted, had ended. */
  remember(stage: StageExecution, trace: TraceIdentity): void {
    const { attributes, durationMs } = stage;
    const { timeToFirstChunkMs, timeToFirstChunkFromRequestMs, [ABORT_LAG]: abortLagMs } = attributes;
    this.durations.remember(durationMs, stage, trace);
    if (isAmount(timeToFirstChunkMs)) this.firstChunks?.remember(timeToFirstChunkMs, stage, trace);
    if (isAmount(timeToFirstChunkFromRequestMs)) {
      this.firstChunksFromRequest?.remember(timeToFirstChunkFromRequestMs, stage, trace);
    }
    if (isAmount(abortLagMs)) this.abortLags?.remember(abortLagMs, stage, trace);
  }

  tokens(): Sample[] {
    return [...known(this.#inputLabels, this.#inputTokens), ...known(this.#outputLabels, this.#outputTokens)];
  }

  tokenParts(): Sample[] {
    return [
      ...known(this.#cachedLabels, this.#cachedInputTokens),
      ...known(this.#reasoningLabels, this.#reasoningTokens),
    ];
  }

  usage(): Sample[] {
    return this.#usageLabels.map(([source, labels]) => sampleOf(labels, this.#usage[source]));
  }

  #countTokens(attributes: StageExecution['attributes']): void {
    const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = attributes;
    if (isAmount(inputTokens)) this.#inputTokens = (this.#inputTokens ?? 0) + inputTokens;
    if (isAmount(outputTokens)) this.#outputTokens = (this.#outputTokens ?? 0) + outputTokens;
    if (isAmount(cachedInputTokens)) {
      this.#cachedInputTokens = (this.#cachedInputTokens ?? 0) + cachedInputTokens;
    }
    if (isAmount(reasoningTokens)) this.#reasoningTokens = (this.#reasoningTokens ?? 0) + reasoningTokens;
    this.#usage[usageSourceOf(attributes)] += 1;
  }

  #abandoned(stage: StageExecution, trace: TraceIdentity): void {
    const abortLagMs = stage.attributes[ABORT_LAG];
    if (isAmount(abortLagMs)) {
      (this.abortLags ??= new Histogram(ABORT_LAG_BUCKETS)).observeOf(stage, trace, abortLagMs);
    } else {
      this.unstopped += 1;
    }
  }
}

/** Whether anything came of a call: an answer as a whole has no first chunk. */
function hasProduced({ outputTokens }: StageExecution['attributes']): boolean {
  return isAmount(outputTokens) && outputTokens > 0;
}

/** A stage that is not measured and says tokens has them from whoever made the call. */
function usageSourceOf({
  usageSource,
  inputTokens,
  outputTokens,
}: StageExecution['attributes']): UsageSource {
  if (usageSource === 'provider' || usageSource === 'estimated' || usageSource === 'unknown') {
    return usageSource;
  }
  return isAmount(inputTokens) || isAmount(outputTokens) ? 'provider' : 'unknown';
}
