import { Injectable } from '@nestjs/common';
import { concat, defer, EMPTY, filter, ignoreElements, map, type Observable, of, switchMap, tap } from 'rxjs';
import type { AnsweredBy } from '../answer/answerer.js';
import { AnswerService } from '../answer/answer.service.js';
import { pacedWords } from '../answer/paced-words.js';
import type { Source } from '../answer/prompt.js';
import { PromptService } from '../answer/prompt.service.js';
import { AnswerCache, type CacheLevel } from '../cache/answer-cache.service.js';
import type { CachedAnswer } from '../cache/cached-answer.js';
import { Flights } from '../cache/flights.service.js';
import { CorpusService } from '../corpus/corpus.service.js';
import type { DoneEvent, SearchEvent } from './search-event.js';

@Injectable()
export class SearchService {
  constructor(
    private readonly cache: AnswerCache,
    private readonly corpus: CorpusService,
    private readonly prompts: PromptService,
    private readonly answers: AnswerService,
    private readonly flights: Flights<SearchEvent>,
  ) {}

  /**
   * Answers a question. Whoever unsubscribes stops the work; an answer that was cut is not cached, nor one by others than
   * the first choice: it is good for now. Fails with `LeaderLeft` when that was the work for somebody else, whose answer
   * this one shared.
   */
  search(question: string): Observable<SearchEvent> {
    return defer(() => this.cache.lookup(question)).pipe(
      switchMap((found) =>
        found === undefined
          ? this.#answeredOnce(question)
          : replayed(found.answer, found.level, this.answers.firstChoice),
      ),
    );
  }

  /** Whoever asks while somebody else is answered the same joins, without any work of its own. */
  #answeredOnce(question: string): Observable<SearchEvent> {
    const key = this.cache.keyOf(question);
    const flight = this.flights.lookup(key);
    if (flight !== undefined) return doneAtLast(this.flights.follow(flight), 'flight');
    const work = defer(() => this.#answered(question));
    return doneAtLast(this.flights.lead(key, work), false);
  }

  #answered(question: string): Observable<SearchEvent> {
    const sections = this.corpus.retrieve(question);
    const prompt = this.prompts.build(question, sections);
    const sources = sections.map(({ text: _, ...source }): Source => source);
    const { firstChoice } = this.answers;
    let text = '';
    let by = firstChoice;
    const words = this.answers.answer(prompt).pipe(
      tap((part) => {
        text += part.text;
        by = part.by;
      }),
      map((part) => part.text),
    );
    const stored = defer(() => (by === firstChoice ? this.cache.store(question, { sources, text }) : EMPTY));
    return concat(
      events(sources, words),
      stored.pipe(ignoreElements()),
      defer(() => done(false, by, by !== firstChoice)),
    );
  }
}

/** Whoever is told that an answer is done leaves. So that is told when the work is over, and not as its last piece. */
function doneAtLast(answer: Observable<SearchEvent>, cached: DoneEvent['cached']): Observable<SearchEvent> {
  return defer(() => {
    const ends: DoneEvent[] = [];
    return concat(
      answer.pipe(
        filter((event) => {
          if (event.type !== 'done') return true;
          ends.push({ ...event, cached });
          return false;
        }),
      ),
      ends,
    );
  });
}

/** A cached answer goes out as the same events as a fresh one. */
function replayed(
  { sources, text }: CachedAnswer,
  level: CacheLevel,
  by: AnsweredBy,
): Observable<SearchEvent> {
  return concat(events(sources, pacedWords(text)), done(level, by, false));
}

function events(sources: readonly Source[], words: Observable<string>): Observable<SearchEvent> {
  return concat(
    of({ type: 'sources', sources } as const),
    words.pipe(map((text) => ({ type: 'token', text }) as const)),
  );
}

function done(cached: DoneEvent['cached'], by: AnsweredBy, failover: boolean): Observable<DoneEvent> {
  return of({ type: 'done', cached, ...by, failover });
}
