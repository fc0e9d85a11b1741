import type { StageExecution } from '@followspot/core';
import { GEN_AI_ATTRIBUTES, type GenAiAttributes, type GenAiNaming, genAiSets } from './gen-ai-names.js';

/** A provider stage as a span of OpenTelemetry's GenAI conventions. */
export interface GenAiSpan {
  /** The operation and the model that was asked for. */
  readonly name: string;
  readonly kind: 'client';
  /** What is not known is left out. */
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Attributes of a provider stage that go over as they are. */
const SAME: Partial<Record<keyof GenAiAttributes, string>> = {
  provider: 'provider',
  requestModel: 'model',
  responseModel: 'responseModel',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  cacheReadTokens: 'cachedInputTokens',
  cacheWriteTokens: 'cacheWriteInputTokens',
  reasoningTokens: 'reasoningTokens',
};

/**
 * How a stage of kind `provider` is shown to OpenTelemetry; for exporters. Prompts and answers are not in it: the
 * conventions want them as messages, and a stage has them as text.
 * @param naming Which names. Default those of semantic conventions 1.41; see {@link genAiNamingIn}.
 */
export function genAiSpanOf(stage: StageExecution, naming: GenAiNaming = 'v1.41'): GenAiSpan {
  const { operation, model } = stage.attributes;
  const name = [operation ?? 'chat', model].filter((part) => part !== undefined).join(' ');
  const sets = genAiSets(naming).map((set) => attributesOf(stage, GEN_AI_ATTRIBUTES[set]));
  return { name, kind: 'client', attributes: Object.assign({}, ...sets) as GenAiSpan['attributes'] };
}

function attributesOf({ attributes, errorType }: StageExecution, names: GenAiAttributes): object {
  const { operation = 'chat', chunks, timeToFirstChunkMs, finishReason } = attributes;
  const same = Object.entries(SAME).map(([key, own]) => [
    names[key as keyof GenAiAttributes],
    attributes[own],
  ]);
  const all: (readonly unknown[])[] = [
    [names.operation, operation],
    ...same,
    // Of an answer that came as a whole nobody knows whether a stream was asked for.
    [names.stream, chunks === undefined ? undefined : true],
    [names.timeToFirstChunk, typeof timeToFirstChunkMs === 'number' ? timeToFirstChunkMs / 1_000 : undefined],
    [names.finishReasons, finishReason === undefined ? undefined : [String(finishReason)]],
    [names.errorType, errorType],
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as object;
}
