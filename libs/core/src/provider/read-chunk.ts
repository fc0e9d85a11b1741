import type { ChunkContent, ChunkReader } from './chunk-reader.js';
import { looseOf } from './loose.js';
import { readChat } from './openai-chat.js';
import { readResponses } from './openai-responses.js';

/**
 * The reader that is used where none is given: OpenAI's chat completions and responses, streamed or whole, and plain
 * strings, which are text of the answer.
 */
export const readChunk: ChunkReader = (chunk): ChunkContent | undefined => {
  if (typeof chunk === 'string') return { text: chunk };
  const object = looseOf(chunk);
  return Array.isArray(object['choices']) ? readChat(object) : readResponses(object);
};
