import type { ChunkContent } from './chunk-reader.js';
import { listOf, type Loose, looseOf, stringOf } from './loose.js';
import { openAiUsage } from './openai-usage.js';

/** Events of OpenAI's responses that carry a piece of what the model produces, in `delta`. */
const TEXT: ReadonlySet<unknown> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
  'response.mcp_call_arguments.delta',
  'response.code_interpreter_call_code.delta',
]);
const REASONING: ReadonlySet<unknown> = new Set([
  'response.reasoning_text.delta',
  'response.reasoning_summary_text.delta',
]);

/** An event of a streamed response of OpenAI, or a response as a whole. */
export function readResponses(chunk: Loose): ChunkContent | undefined {
  const { type } = chunk;
  if (TEXT.has(type)) return { text: stringOf(chunk['delta']) };
  if (REASONING.has(type)) return { reasoning: stringOf(chunk['delta']) };
  if (type === 'response.output_item.added') return { text: stringOf(looseOf(chunk['item'])['name']) };
  if (chunk['object'] === 'response') return { ...wholeOf(chunk), text: outputOf(chunk) };
  return chunk['response'] === undefined ? undefined : wholeOf(looseOf(chunk['response']));
}

/** What a response says of itself. It has a status from the start, and stopped for a reason only once it has. */
function wholeOf(response: Loose): ChunkContent {
  const status = stringOf(response['status']);
  const isOver = status === 'completed' || status === 'incomplete' || status === 'failed';
  const because = stringOf(looseOf(response['incomplete_details'])['reason']);
  return {
    finishReason: isOver ? (because ?? status) : undefined,
    usage: openAiUsage(response['usage']),
    model: stringOf(response['model']),
  };
}

function outputOf(response: Loose): string {
  let text = '';
  for (const item of listOf(response['output']).map(looseOf)) {
    const { name, arguments: given, input, code } = item;
    text += (stringOf(name) ?? '') + (stringOf(given) ?? stringOf(input) ?? stringOf(code) ?? '');
    for (const part of listOf(item['content']).map(looseOf)) {
      text += stringOf(part['text']) ?? stringOf(part['refusal']) ?? '';
    }
  }
  return text;
}
