/**
 * Which of OpenTelemetry's two sets of GenAI names: those of semantic conventions 1.41, which back-ends read today, or
 * those of their own repository, which will follow.
 */
export type GenAiSet = 'v1.41' | 'latest';

/** One set, or both side by side for the time of a change-over. */
export type GenAiNaming = GenAiSet | 'both';

/** What a metric tells of calls. */
export type GenAiFigure =
  | 'duration'
  | 'timeToFirstChunk'
  | 'timePerOutputChunk'
  | 'inputTokens'
  | 'outputTokens'
  | 'cacheReadTokens'
  | 'cacheWriteTokens'
  | 'reasoningTokens';

/** One metric, or the part of it that has these attributes. */
export interface GenAiMetric {
  readonly figure: GenAiFigure;
  readonly name: string;
  readonly instrument: 'histogram' | 'counter';
  readonly unit: 's' | '{token}';
  /** Upper bounds that a histogram should have, in the unit. */
  readonly buckets?: readonly number[];
  /** Of every value, beside those that describe the call. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly description: string;
}

/** Doubling from 10 ms to 82 s. */
export const GEN_AI_SECONDS: readonly number[] = Array.from({ length: 14 }, (_, power) =>
  Number((0.01 * 2 ** power).toFixed(2)),
);

/** Powers of four up to 67 million. */
export const GEN_AI_TOKENS: readonly number[] = Array.from({ length: 14 }, (_, power) => 4 ** power);

const DURATION = 'Duration of GenAI operations.';
const FIRST_CHUNK = 'Time from the call to the first chunk of a streamed answer.';
const PER_CHUNK = 'Time between the chunks of a streamed answer.';

const seconds = (figure: GenAiFigure, name: string, description: string): GenAiMetric => ({
  figure,
  name,
  instrument: 'histogram',
  unit: 's',
  buckets: GEN_AI_SECONDS,
  description,
});

const tokens = (figure: GenAiFigure, name: string, description: string, tokenType?: string): GenAiMetric => ({
  figure,
  name,
  instrument: 'histogram',
  unit: '{token}',
  buckets: GEN_AI_TOKENS,
  ...(tokenType !== undefined && { attributes: { 'gen_ai.token.type': tokenType } }),
  description,
});

/** Nobody tells us tokens of text from those of pictures. */
const tokenCounter = (figure: GenAiFigure, kind: string, description: string): GenAiMetric => ({
  figure,
  name: `gen_ai.client.inference.usage.${kind}`,
  instrument: 'counter',
  unit: '{token}',
  attributes: { 'gen_ai.token.modality': 'unknown' },
  description,
});

/** The metrics of each set. */
export const GEN_AI_METRICS: Readonly<Record<GenAiSet, readonly GenAiMetric[]>> = {
  'v1.41': [
    seconds('duration', 'gen_ai.client.operation.duration', DURATION),
    seconds('timeToFirstChunk', 'gen_ai.client.operation.time_to_first_chunk', FIRST_CHUNK),
    seconds('timePerOutputChunk', 'gen_ai.client.operation.time_per_output_chunk', PER_CHUNK),
    tokens('inputTokens', 'gen_ai.client.token.usage', 'Tokens of GenAI operations.', 'input'),
    tokens('outputTokens', 'gen_ai.client.token.usage', 'Tokens of GenAI operations.', 'output'),
  ],
  latest: [
    seconds('duration', 'gen_ai.client.inference.duration', DURATION),
    seconds('timeToFirstChunk', 'gen_ai.client.inference.time_to_first_chunk', FIRST_CHUNK),
    seconds('timePerOutputChunk', 'gen_ai.client.inference.time_per_output_chunk', PER_CHUNK),
    tokenCounter('inputTokens', 'input_tokens', 'Input tokens.'),
    tokenCounter('outputTokens', 'output_tokens', 'Output tokens.'),
    tokenCounter('cacheReadTokens', 'cache_read.input_tokens', 'Input tokens read from a cache.'),
    tokenCounter('cacheWriteTokens', 'cache_write.input_tokens', 'Input tokens written to a cache.'),
    tokenCounter('reasoningTokens', 'reasoning.output_tokens', 'Output tokens of reasoning.'),
    tokens('inputTokens', 'gen_ai.client.inference.operation.input_tokens', 'Input tokens of operations.'),
    tokens('outputTokens', 'gen_ai.client.inference.operation.output_tokens', 'Output tokens of operations.'),
  ],
};

/** Attributes that describe a call on spans; the first five are on metrics, too. */
export interface GenAiAttributes {
  readonly operation: string;
  readonly provider: string;
  readonly requestModel: string;
  readonly responseModel: string;
  readonly errorType: string;
  readonly stream: string;
  readonly timeToFirstChunk: string;
  readonly finishReasons: string;
  readonly inputTokens: string;
  readonly outputTokens: string;
  readonly cacheReadTokens: string;
  readonly cacheWriteTokens: string;
  readonly reasoningTokens: string;
}

const SHARED: Omit<GenAiAttributes, 'cacheWriteTokens'> = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  errorType: 'error.type',
  stream: 'gen_ai.request.stream',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
};

/** The attributes of each set. */
export const GEN_AI_ATTRIBUTES: Readonly<Record<GenAiSet, GenAiAttributes>> = {
  'v1.41': { ...SHARED, cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens' },
  latest: { ...SHARED, cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens' },
};

/** The sets that a naming is made of. */
export function genAiSets(naming: GenAiNaming): readonly GenAiSet[] {
  return naming === 'both' ? ['v1.41', 'latest'] : [naming];
}

/** The environment variable by which OpenTelemetry's instrumentation is switched to the newer names. */
export const GEN_AI_VARIABLE = 'OTEL_SEMCONV_STABILITY_OPT_IN';

/** The naming that the environment asks for: a list with `gen_ai_latest_experimental` in it asks for the latest. */
export function genAiNamingIn(
  environment: Readonly<Record<string, string | undefined>>,
): GenAiNaming | undefined {
  const asked = (environment[GEN_AI_VARIABLE] ?? '').split(',').map((word) => word.trim());
  return asked.includes('gen_ai_latest_experimental') ? 'latest' : undefined;
}
