import { describe, expect, it } from '@jest/globals';
import { genAiSpanOf } from './gen-ai.js';
import { stageOf } from './testing/stages.js';

const ANSWER = {
  provider: 'openai',
  model: 'gpt-4o',
  operation: 'chat',
  responseModel: 'gpt-4o-2024-11-20',
  chunks: 12,
  timeToFirstChunkMs: 320.5,
  inputTokens: 100,
  outputTokens: 0,
  cachedInputTokens: 80,
  cacheWriteInputTokens: 5,
  reasoningTokens: 7,
  finishReason: 'stop',
  usageSource: 'provider',
  prompt: 'secret',
  answer: 'secret',
};

describe('A provider stage as a span', () => {
  it('has what is known of it under the names of the published conventions', () => {
    expect(genAiSpanOf(stageOf('provider', ANSWER))).toEqual({
      name: 'chat gpt-4o',
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.response.model': 'gpt-4o-2024-11-20',
        'gen_ai.request.stream': true,
        'gen_ai.response.time_to_first_chunk': 0.3205,
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 0,
        'gen_ai.usage.cache_read.input_tokens': 80,
        'gen_ai.usage.cache_creation.input_tokens': 5,
        'gen_ai.usage.reasoning.output_tokens': 7,
      },
    });
  });

  it('has the newer names where they are asked for, and both where both are', () => {
    const stage = stageOf('provider', ANSWER);
    const older = 'gen_ai.usage.cache_creation.input_tokens';
    const newer = 'gen_ai.usage.cache_write.input_tokens';
    const latest = genAiSpanOf(stage, 'latest').attributes;
    expect([latest[older], latest[newer]]).toEqual([undefined, 5]);
    expect(genAiSpanOf(stage, 'both').attributes).toMatchObject({ [older]: 5, [newer]: 5 });
  });

  it('says why it failed, and leaves out what nobody knows', () => {
    const failed = stageOf(
      'provider',
      { provider: 'vllm' },
      { outcome: 'error', errorType: 'RateLimitError' },
    );
    expect(genAiSpanOf(failed)).toEqual({
      name: 'chat',
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'vllm',
        'error.type': 'RateLimitError',
      },
    });
  });

  it('of a call that was aborted is no error', () => {
    const { attributes } = genAiSpanOf(stageOf('provider', ANSWER, { outcome: 'cancelled' }));
    expect(attributes).not.toHaveProperty(['error.type']);
  });
});
