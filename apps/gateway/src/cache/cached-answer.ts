import type { Source } from '../answer/prompt.js';

/** What is kept of an answer: enough to send the same events again. */
export interface CachedAnswer {
  readonly sources: readonly Source[];
  readonly text: string;
}

/** Reads what another process has stored; undefined when it is not an answer as this one writes them. */
export function parseAnswer(json: string): CachedAnswer | undefined {
  try {
    const { sources, text } = JSON.parse(json) as Partial<CachedAnswer>;
    return Array.isArray(sources) && typeof text === 'string' ? { sources, text } : undefined;
  } catch {
    return undefined;
  }
}
