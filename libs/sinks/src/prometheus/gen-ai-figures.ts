import { gapsOf, type StageExecution, type TraceIdentity } from '@followspot/core';
import {
  GEN_AI_ATTRIBUTES,
  GEN_AI_METRICS,
  GEN_AI_SECONDS,
  GEN_AI_TOKENS,
  type GenAiFigure,
  type GenAiMetric,
  type GenAiNaming,
  genAiSets,
} from '../gen-ai-names.js';
import { amountOf, isAmount } from './amount.js';
import { bucketsOf } from './buckets.js';
import { Histogram } from './histogram.js';
import { LabelTree } from './label-tree.js';
import { type LabelSets, type LabelValues, UNKNOWN } from './label-values.js';
import type { MetricDefinition } from './metric-table.js';
import { type Labels, type Sample, sampleOf } from './sample.js';

const SECONDS = bucketsOf(1_000, GEN_AI_SECONDS);
const TOKENS = bucketsOf(1, GEN_AI_TOKENS);

/** Names that Prometheus takes: dots become underscores, the unit and what a counter is go to the end. */
function prometheusNameOf({ name, unit, instrument }: GenAiMetric): string {
  return (
    name.replaceAll('.', '_') + (unit === 's' ? '_seconds' : '') + (instrument === 'counter' ? '_total' : '')
  );
}

/** Names of labels. Those on metrics are the same in both sets. */
const labelOf = (attribute: string): string => attribute.replaceAll('.', '_');
const { operation, provider, requestModel, responseModel, errorType } = GEN_AI_ATTRIBUTES['v1.41'];
const CALL_LABELS = [provider, requestModel, responseModel, operation].map(labelOf);

/** The metrics of a naming as Prometheus is told of them, by their names there. */
export function genAiDefinitions(naming: GenAiNaming | undefined): Map<string, MetricDefinition> {
  const definitions = new Map<string, MetricDefinition>();
  for (const metric of metricsOf(naming)) {
    const labels = [
      ...CALL_LABELS,
      ...(metric.figure === 'duration' ? [labelOf(errorType)] : []),
      ...Object.keys(metric.attributes ?? {}).map(labelOf),
    ];
    definitions.set(prometheusNameOf(metric), { type: metric.instrument, labels, help: metric.description });
  }
  return definitions;
}

/** What is counted of calls that have the same labels. */
class Calls {
  readonly #labels: Labels;
  readonly #labelsOf = new Map<GenAiMetric, Labels>();
  readonly figures: Partial<Record<GenAiFigure, Histogram>> = {};
  readonly sums: Partial<Record<GenAiFigure, number>> = {};

  /** A label that nobody knows the value of is left out, as the attribute is. */
  constructor(labels: Labels) {
    this.#labels = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== UNKNOWN));
  }

  of(figure: GenAiFigure): Histogram {
    return (this.figures[figure] ??= new Histogram(figure.endsWith('Tokens') ? TOKENS : SECONDS));
  }

  add(figure: GenAiFigure, tokens: number): void {
    this.sums[figure] = (this.sums[figure] ?? 0) + tokens;
  }

  addTo(samples: Sample[], metric: GenAiMetric, name: string): void {
    const { figure, instrument } = metric;
    const sum = this.sums[figure];
    if (instrument === 'histogram') this.figures[figure]?.addTo(samples, name, this.#labelsFor(metric));
    else if (sum !== undefined) samples.push(sampleOf(this.#labelsFor(metric), sum));
  }

  /** The same object at every scrape, by which the registry knows its text again. */
  #labelsFor(metric: GenAiMetric): Labels {
    const known = this.#labelsOf.get(metric);
    if (known !== undefined) return known;
    const own = Object.entries(metric.attributes ?? {}).map(([key, value]) => [labelOf(key), value] as const);
    const labels: Labels = { ...this.#labels, ...Object.fromEntries(own) };
    this.#labelsOf.set(metric, labels);
    return labels;
  }
}

/** Calls of providers under the names of OpenTelemetry. */
export class GenAiFigures {
  readonly #metrics: readonly GenAiMetric[];
  readonly #calls: LabelTree<Calls>;
  /** Apart, because no other metric is told by error. */
  readonly #durations: LabelTree<Calls>;

  constructor(naming: GenAiNaming | undefined, label: () => LabelValues, sets: () => LabelSets) {
    this.#metrics = metricsOf(naming);
    const values = Object.fromEntries(CALL_LABELS.map((name) => [name, label()]));
    this.#calls = new LabelTree(values, sets(), (labels) => new Calls(labels));
    this.#durations = new LabelTree(
      { ...values, [labelOf(errorType)]: label() },
      sets(),
      (labels) => new Calls(labels),
    );
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    if (this.#metrics.length === 0) return;
    const { attributes } = stage;
    const key = [
      attributes['provider'],
      attributes['model'],
      attributes['responseModel'],
      attributes['operation'] ?? 'chat',
    ];
    this.#durations
      .get(...key, stage.errorType)
      .of('duration')
      .observeStage(stage, trace);
    const calls = this.#calls.get(...key);
    const { timeToFirstChunkMs, gapMeanMs, chunks } = attributes;
    if (isAmount(timeToFirstChunkMs))
      calls.of('timeToFirstChunk').observeOf(stage, trace, timeToFirstChunkMs);
    const gaps = gapsOf(stage);
    if (gaps !== undefined) {
      calls.of('timePerOutputChunk').observeGaps(gaps);
    } else if (isAmount(gapMeanMs) && isAmount(chunks) && chunks > 1) {
      // The only gap there is, or of a stage that is not measured and says no more: count and sum are right.
      calls.of('timePerOutputChunk').observe(gapMeanMs, chunks - 1);
    }
    countTokens(calls, stage, trace);
  }

  samplesOf(name: string): Sample[] | undefined {
    const metrics = this.#metrics.filter((metric) => prometheusNameOf(metric) === name);
    if (metrics.length === 0) return undefined;
    const samples: Sample[] = [];
    for (const metric of metrics) {
      const tree = metric.figure === 'duration' ? this.#durations : this.#calls;
      for (const calls of tree.all()) calls.addTo(samples, metric, name);
    }
    return samples;
  }
}

function countTokens(calls: Calls, stage: StageExecution, trace: TraceIdentity): void {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteInputTokens, reasoningTokens } =
    stage.attributes;
  if (isAmount(inputTokens)) {
    calls.add('inputTokens', inputTokens);
    calls.of('inputTokens').observeOf(stage, trace, inputTokens);
  }
  if (isAmount(outputTokens)) {
    calls.add('outputTokens', outputTokens);
    calls.of('outputTokens').observeOf(stage, trace, outputTokens);
  }
  if (hasFailedWithout(stage)) {
    calls.add('inputTokens', 0);
    calls.add('outputTokens', 0);
  }
  if (isAmount(cachedInputTokens)) calls.add('cacheReadTokens', cachedInputTokens);
  if (isAmount(cacheWriteInputTokens)) calls.add('cacheWriteTokens', cacheWriteInputTokens);
  if (isAmount(reasoningTokens)) calls.add('reasoningTokens', reasoningTokens);
}

/**
 * The conventions want the counters of a call that failed at 0 where it took no tokens. One that was left, or failed in
 * the middle of its answer, took some that nobody knows.
 */
function hasFailedWithout({ outcome, attributes }: StageExecution): boolean {
  const { inputTokens, outputTokens, chunks } = attributes;
  return outcome === 'error' && !isAmount(inputTokens) && !isAmount(outputTokens) && amountOf(chunks) === 0;
}

function metricsOf(naming: GenAiNaming | undefined): readonly GenAiMetric[] {
  return naming === undefined ? [] : genAiSets(naming).flatMap((set) => GEN_AI_METRICS[set]);
}
