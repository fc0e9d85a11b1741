import { Injectable } from '@nestjs/common';
import { concat, defer, ignoreElements, map, type Observable, of, switchMap, tap } from 'rxjs';
import { ExtractiveAnswerer } from '../answer/extractive-answerer.service.js';
import { pacedWords } from '../answer/paced-words.js';
import type { Source } from '../answer/prompt.js';
import { PromptService } from '../answer/prompt.service.js';
import { AnswerCache, type CacheLevel } from '../cache/answer-cache.service.js';
import type { CachedAnswer } from '../cache/cached-answer.js';
import { Flights } from '../cache/flights.service.js';
import { CorpusService } from '../corpus/corpus.service.js';
import type { SearchEvent } from './search-event.js';

@Injectable()
export class SearchService {
  constructor(
    private readonly cache: AnswerCache,
    private readonly corpus: CorpusService,
    private readonly prompts: PromptService,
    private readonly answerer: ExtractiveAnswerer,
    private readonly flights: Flights<SearchEvent>,
  ) {}

  /**
   * Answers a question. Whoever unsubscribes stops the work; an answer that was cut is not cached. Fails with
   * `LeaderLeft` when that was the work for somebody else, whose answer this one shared.
   */
  search(question: string): Observable<SearchEvent> {
    return defer(() => this.cache.lookup(question)).pipe(
      switchMap((found) =>
        found === undefined ? this.#answeredOnce(question) : replayed(found.answer, found.level),
      ),
    );
  }

  /** Whoever asks while somebody else is answered the same joins, without any work of its own. */
  #answeredOnce(question: string): Observable<SearchEvent> {
    const key = this.cache.keyOf(question);
    const flight = this.flights.lookup(key);
    if (flight !== undefined) return concat(this.flights.follow(flight), done('flight'));
    const work = defer(() => this.#answered(question));
    return concat(this.flights.lead(key, work), done(false));
  }

  #answered(question: string): Observable<SearchEvent> {
    const sections = this.corpus.retrieve(question);
    const prompt = this.prompts.build(question, sections);
    const sources = sections.map(({ text: _, ...source }): Source => source);
    let text = '';
    const words = this.answerer.answer(prompt).pipe(tap((word) => (text += word)));
    const stored = defer(() => this.cache.store(question, { sources, text }));
    return concat(events(sources, words), stored.pipe(ignoreElements()));
  }
}

/** A cached answer goes out as the same events as a fresh one. */
function replayed({ sources, text }: CachedAnswer, level: CacheLevel): Observable<SearchEvent> {
  return concat(events(sources, pacedWords(text)), done(level));
}

function events(sources: readonly Source[], words: Observable<string>): Observable<SearchEvent> {
  return concat(
    of({ type: 'sources', sources } as const),
    words.pipe(map((text) => ({ type: 'token', text }) as const)),
  );
}

function done(cached: CacheLevel | 'flight' | false): Observable<SearchEvent> {
  return of({ type: 'done', cached });
}
