import { describe, expect, it } from '@jest/globals';
import { GEN_AI_ATTRIBUTES, GEN_AI_METRICS, genAiNamingIn, type GenAiSet } from './gen-ai.js';

// Written out as OpenTelemetry has them, and not as the table makes them.
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];

const metricsOf = (set: GenAiSet): readonly (readonly unknown[])[] =>
  GEN_AI_METRICS[set].map(({ name, instrument, unit, buckets, attributes }): readonly unknown[] => [
    name,
    instrument,
    unit,
    buckets,
    attributes,
  ]);

describe('The table of GenAI names', () => {
  it('has the metrics of semantic conventions 1.41 with their buckets', () => {
    expect(metricsOf('v1.41')).toEqual([
      ['gen_ai.client.operation.duration', 'histogram', 's', SECONDS, undefined],
      ['gen_ai.client.operation.time_to_first_chunk', 'histogram', 's', SECONDS, undefined],
      ['gen_ai.client.operation.time_per_output_chunk', 'histogram', 's', SECONDS, undefined],
      ['gen_ai.client.token.usage', 'histogram', '{token}', TOKENS, { 'gen_ai.token.type': 'input' }],
      ['gen_ai.client.token.usage', 'histogram', '{token}', TOKENS, { 'gen_ai.token.type': 'output' }],
    ]);
  });

  it('has those of the conventions of their own', () => {
    const usage = 'gen_ai.client.inference.usage';
    const counter = ['counter', '{token}', undefined, { 'gen_ai.token.modality': 'unknown' }];
    expect(metricsOf('latest')).toEqual([
      ['gen_ai.client.inference.duration', 'histogram', 's', SECONDS, undefined],
      ['gen_ai.client.inference.time_to_first_chunk', 'histogram', 's', SECONDS, undefined],
      ['gen_ai.client.inference.time_per_output_chunk', 'histogram', 's', SECONDS, undefined],
      [`${usage}.input_tokens`, ...counter],
      [`${usage}.output_tokens`, ...counter],
      [`${usage}.cache_read.input_tokens`, ...counter],
      [`${usage}.cache_write.input_tokens`, ...counter],
      [`${usage}.reasoning.output_tokens`, ...counter],
      ['gen_ai.client.inference.operation.input_tokens', 'histogram', '{token}', TOKENS, undefined],
      ['gen_ai.client.inference.operation.output_tokens', 'histogram', '{token}', TOKENS, undefined],
    ]);
  });

  it('has the attributes of both, which differ in one', () => {
    const shared = [
      'gen_ai.operation.name',
      'gen_ai.provider.name',
      'gen_ai.request.model',
      'gen_ai.response.model',
      'error.type',
      'gen_ai.request.stream',
      'gen_ai.response.time_to_first_chunk',
      'gen_ai.response.finish_reasons',
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.output_tokens',
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.reasoning.output_tokens',
    ];
    const sorted = (set: GenAiSet): string[] =>
      Object.values<string>({ ...GEN_AI_ATTRIBUTES[set] }).toSorted();
    expect(sorted('v1.41')).toEqual([...shared, 'gen_ai.usage.cache_creation.input_tokens'].toSorted());
    expect(sorted('latest')).toEqual([...shared, 'gen_ai.usage.cache_write.input_tokens'].toSorted());
  });
});

describe('OTEL_SEMCONV_STABILITY_OPT_IN', () => {
  it.each([
    ['gen_ai_latest_experimental', 'latest'],
    ['http/dup, gen_ai_latest_experimental', 'latest'],
    ['http', undefined],
    ['gen_ai_latest_experimental_not', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%p asks for %p', (value, naming) => {
    expect(genAiNamingIn({ OTEL_SEMCONV_STABILITY_OPT_IN: value })).toBe(naming);
  });
});
