import type { ChunkContent } from './chunk-reader.js';
import { listOf, type Loose, looseOf, stringOf } from './loose.js';
import { openAiUsage } from './openai-usage.js';

/**
 * A chunk or an answer of OpenAI's chat completions, as vLLM, Ollama, llama.cpp and LiteLLM speak them too, and of the
 * older completions. The chunk with the usage has no choices.
 */
export function readChat(chunk: Loose): ChunkContent {
  let text = '';
  let reasoning = '';
  let finishReason: string | undefined;
  for (const choice of listOf(chunk['choices']).map(looseOf)) {
    const said = looseOf(choice['delta'] ?? choice['message']);
    text += stringOf(choice['text']) ?? '';
    text += (stringOf(said['content']) ?? '') + (stringOf(said['refusal']) ?? '') + toolCalls(said);
    reasoning += stringOf(said['reasoning_content']) ?? stringOf(said['reasoning']) ?? '';
    finishReason = stringOf(choice['finish_reason']) ?? finishReason;
  }
  return {
    text,
    reasoning,
    finishReason,
    usage: openAiUsage(chunk['usage']),
    model: stringOf(chunk['model']),
  };
}

function toolCalls(said: Loose): string {
  let text = '';
  for (const call of [...listOf(said['tool_calls']), { function: said['function_call'] }].map(looseOf)) {
    const { name, arguments: given, input } = looseOf(call['function'] ?? call['custom']);
    text += (stringOf(name) ?? '') + (stringOf(given) ?? stringOf(input) ?? '');
  }
  return text;
}
