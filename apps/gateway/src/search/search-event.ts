import type { Source } from '../answer/prompt.js';
import type { CacheLevel } from '../cache/answer-cache.service.js';

/** What a search tells its client, in this order: the sources, the answer word by word, one of the two ends. */
export type SearchEvent =
  | { readonly type: 'sources'; readonly sources: readonly Source[] }
  | { readonly type: 'token'; readonly text: string }
  | { readonly type: 'done'; readonly cached: CacheLevel | false }
  | { readonly type: 'shutdown' };

/** Nothing comes after this event. */
export function isEnd({ type }: SearchEvent): boolean {
  return type === 'done' || type === 'shutdown';
}
