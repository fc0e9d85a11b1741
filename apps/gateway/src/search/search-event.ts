import type { EventId } from '@followspot/nestjs';
import type { AnsweredBy } from '../answer/answerer.js';
import type { Source } from '../answer/prompt.js';
import type { CacheLevel } from '../cache/answer-cache.service.js';

/**
 * Why a stream that was to be resumed starts afresh: the id is none of ours; its stream is not, or no longer, known; it
 * answered another question; events that were missed have been dropped; the answer is another one by now.
 */
export type RestartReason = 'malformed' | 'unknown' | 'other_question' | 'dropped' | 'changed';

/**
 * What a search tells its client, in this order: the sources, the answer word by word, one of the three ends. A `restart`
 * comes first, or in between, and takes back all that was told before.
 */
export type SearchEvent =
  | { readonly type: 'restart'; readonly reason: RestartReason }
  | { readonly type: 'sources'; readonly sources: readonly Source[] }
  | { readonly type: 'token'; readonly text: string }
  | DoneEvent
  | { readonly type: 'error'; readonly error: 'upstream_error'; readonly message: string }
  | { readonly type: 'shutdown' };

/** The whole answer is out: who gave it, and whether that was another than the one who is asked first. */
export interface DoneEvent extends AnsweredBy {
  readonly type: 'done';
  readonly cached: CacheLevel | 'flight' | false;
  readonly failover: boolean;
}

/** An event and its place in a stream. A `shutdown` belongs to no stream. */
export type PlacedEvent = SearchEvent & {
  readonly id?: EventId;
  /** Of an `error`, what has just failed. No client gets it, and it is not kept for those who come back. */
  readonly cause?: unknown;
};

/** Nothing comes after this event. */
export function isEnd({ type }: SearchEvent): boolean {
  return type === 'done' || type === 'error' || type === 'shutdown';
}

/** Whether a client could not tell the one from the other. How an answer was found is not a part of it. */
export function isSameEvent(one: SearchEvent, other: SearchEvent): boolean {
  if (one.type === 'token' && other.type === 'token') return one.text === other.text;
  if (one.type === 'done') return other.type === 'done';
  return JSON.stringify(one) === JSON.stringify(other);
}
