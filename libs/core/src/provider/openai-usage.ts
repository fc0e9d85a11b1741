import type { TokenUsage } from './chunk-reader.js';
import { countOf, looseOf } from './loose.js';

/** The field `usage` of OpenAI's interfaces: chat completions say `prompt_tokens`, responses `input_tokens`. */
export function openAiUsage(given: unknown): TokenUsage | undefined {
  if (given === undefined || given === null) return undefined;
  const usage = looseOf(given);
  const input = looseOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details']);
  const output = looseOf(usage['completion_tokens_details'] ?? usage['output_tokens_details']);
  return {
    inputTokens: countOf(usage['prompt_tokens']) ?? countOf(usage['input_tokens']),
    outputTokens: countOf(usage['completion_tokens']) ?? countOf(usage['output_tokens']),
    cachedInputTokens: countOf(input['cached_tokens']),
    reasoningTokens: countOf(output['reasoning_tokens']),
  };
}
