import { listOf, looseOf, stringOf } from './loose.js';
import type { Prompt } from './provider-call.js';

/** What OpenAI's models are told around each message, and at the end of all. */
const TOKENS_PER_MESSAGE = 3;

/** The text of a prompt, and how many tokens its form adds to those of the text. */
export function promptText(prompt: Prompt): { readonly text: string; readonly extraTokens: number } {
  if (typeof prompt === 'string') return { text: prompt, extraTokens: 0 };
  return {
    text: prompt.map(messageText).join('\n'),
    extraTokens: TOKENS_PER_MESSAGE * (prompt.length + 1),
  };
}

function messageText(message: unknown): string {
  if (typeof message === 'string') return message;
  const { content } = looseOf(message);
  return (
    stringOf(content) ??
    listOf(content)
      .map((part) => stringOf(looseOf(part)['text']) ?? '')
      .join('')
  );
}
