import { describe, expect, it, jest } from '@jest/globals';
import { type ExecutionTracker, formatEventId } from '@followspot/nestjs';
import fc from 'fast-check';
import { concat, finalize, from, NEVER, type Observable, of, take, throwError } from 'rxjs';
import { UpstreamError } from '../answer/upstream-error.js';
import { GatewayConfig } from '../config/gateway-config.js';
import { ReplayBuffer } from './replay-buffer.service.js';
import { ResumableSearch } from './resumable-search.service.js';
import type { PlacedEvent, SearchEvent } from './search-event.js';
import type { SearchService } from './search.service.js';

const word = (text: string): SearchEvent => ({ type: 'token', text });
const done: SearchEvent = { type: 'done', cached: false, provider: 'p', model: 'm', failover: false };

/** Searches whose answers the test sets, one after the other; the last one is given again. */
function searchesOf(...answers: Observable<SearchEvent>[]) {
  const setAttribute = jest.fn();
  const tracker = { setAttribute } as unknown as ExecutionTracker;
  let asked = 0;
  const search = (): Observable<SearchEvent> => answers[Math.min(asked++, answers.length - 1)]!;
  const buffer = new ReplayBuffer(new GatewayConfig({}));
  const searches = new ResumableSearch({ search } as unknown as SearchService, buffer, tracker);
  return { searches, setAttribute, asked: () => asked };
}

/** What a client is told, as long as it stays. */
function told(events: Observable<PlacedEvent> | undefined, count = Infinity): PlacedEvent[] {
  const seen: PlacedEvent[] = [];
  events
    ?.pipe(take(count))
    .subscribe((event) => seen.push(event))
    .unsubscribe();
  return seen;
}

const idsOf = (events: readonly PlacedEvent[]) => events.map(({ id }) => id && formatEventId(id));
const withoutId = ({ id: _, ...event }: PlacedEvent): SearchEvent => event;

const ANSWER = [word('a'), word('b'), word('c'), word('d'), done];

describe('A search', () => {
  it('numbers its events', () => {
    const { searches } = searchesOf(from(ANSWER));
    expect(idsOf(told(searches.search('q', 't1')))).toEqual(['t1:1', 't1:2', 't1:3', 't1:4', 't1:5']);
  });

  it('that breaks off anywhere, any number of times, is told as if it never had', () => {
    const lengths = fc.array(fc.record({ produced: fc.nat(12), lost: fc.nat(12) }), { maxLength: 8 });
    const texts = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 10 });
    fc.assert(
      fc.property(texts, lengths, (words, visits) => {
        const answer = [...words.map(word), done];
        const { searches } = searchesOf(from(answer));
        const received: PlacedEvent[] = [];
        for (const [index, { produced, lost }] of [...visits, { produced: Infinity, lost: 0 }].entries()) {
          const last = received.at(-1)?.id;
          const events = searches.search('q', `t${index}`, last && formatEventId(last));
          const sent = told(events, produced);
          received.push(...sent.slice(0, Math.max(0, sent.length - lost)));
        }
        expect(received.map(withoutId)).toEqual(answer);
        // An event that never arrived leaves no stream to go on with.
        const [first] = received;
        expect(idsOf(received)).toEqual(
          answer.map((_, index) => `${String(first?.id?.traceId)}:${index + 1}`),
        );
      }),
    );
  });

  it('is not run again for what it has told to the end', () => {
    const { searches, asked } = searchesOf(from(ANSWER));
    told(searches.search('q', 't1'));
    expect(told(searches.search('q', 't2', 't1:3')).map(withoutId)).toEqual([word('d'), done]);
    expect(searches.search('q', 't3', 't1:5')).toBeUndefined();
    expect(asked()).toBe(1);
  });

  it('starts afresh and says so when the answer has changed, where it has', () => {
    const other = [word('a'), word('x'), word('c'), done];
    const { searches, setAttribute } = searchesOf(from(ANSWER), from(other));
    told(searches.search('q', 't1'), 3);
    const events = told(searches.search('q', 't2', 't1:2'));
    expect(events.map(withoutId)).toEqual([word('c'), { type: 'restart', reason: 'changed' }, ...other]);
    expect(idsOf(events)).toEqual(['t1:3', 't2:1', 't2:2', 't2:3', 't2:4', 't2:5']);
    expect(setAttribute).toHaveBeenCalledWith('restart', 'changed');
  });

  it('that has started afresh can be resumed like any other', () => {
    const { searches } = searchesOf(from(ANSWER));
    const [restart, first] = told(searches.search('q', 't1', 'gone:7'), 4);
    expect(restart).toMatchObject({ type: 'restart', reason: 'unknown' });
    expect(first).toMatchObject(word('a'));
    expect(told(searches.search('q', 't2', 't1:2')).map(withoutId)).toEqual(ANSWER.slice(1));
    expect(idsOf(told(searches.search('q', 't3', 't1:5')))).toEqual(['t1:6']);
  });

  it('goes on beside a connection that has died unnoticed', () => {
    const { searches } = searchesOf(concat(from(ANSWER.slice(0, 3)), NEVER), from(ANSWER));
    const seen: PlacedEvent[] = [];
    const dead = searches.search('q', 't1')!.subscribe((event) => seen.push(event));
    expect(seen).toHaveLength(3);
    expect(told(searches.search('q', 't2', 't1:1')).map(withoutId)).toEqual(ANSWER.slice(1));
    dead.unsubscribe();
    expect(told(searches.search('q', 't3', 't1:4')).map(withoutId)).toEqual([done]);
  });

  it('that the client leaves is not worked on any longer', () => {
    const stopped = jest.fn();
    const { searches } = searchesOf(concat(of(word('a')), NEVER).pipe(finalize(stopped)));
    told(searches.search('q', 't1'), 1);
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  describe('whose model fails in the middle', () => {
    const cause = new UpstreamError({ provider: 'p', model: 'm' }, new Error('socket hang up'));
    const failing = concat(
      from([word('a'), word('b')]),
      throwError(() => cause),
    );
    const failure = {
      type: 'error',
      error: 'upstream_error',
      message: 'The model failed in the middle of its answer. Ask again.',
    };

    it('ends with an event that tells it, and hands on what has failed', () => {
      const { searches } = searchesOf(failing);
      const events = told(searches.search('q', 't1'));
      expect(idsOf(events)).toEqual(['t1:1', 't1:2', 't1:3']);
      expect(events.at(-1)).toEqual({ ...failure, id: { traceId: 't1', sequence: 3 }, cause });
    });

    it('has ended: who has the event gets nothing more, who has not gets it, and nobody asks the model again', () => {
      const { searches, asked } = searchesOf(failing);
      told(searches.search('q', 't1'));
      expect(searches.search('q', 't2', 't1:3')).toBeUndefined();
      const [missed, ...others] = told(searches.search('q', 't3', 't1:2'));
      expect(missed).toEqual({ ...failure, id: { traceId: 't1', sequence: 3 } });
      expect([others, asked()]).toEqual([[], 1]);
    });

    it('when it is run again for the rest, tells so after what the client has', () => {
      const { searches } = searchesOf(from(ANSWER), failing);
      told(searches.search('q', 't1'), 4);
      const events = told(searches.search('q', 't2', 't1:3'));
      expect(idsOf(events)).toEqual(['t1:4', 't1:5']);
      expect(events.at(-1)).toMatchObject({ ...failure, cause });
    });
  });

  it('fails with the error of the search, also when it is resumed', () => {
    const failing = concat(
      of(word('a')),
      throwError(() => new Error('no corpus')),
    );
    const { searches } = searchesOf(failing);
    for (const lastEventId of [undefined, 't1:1']) {
      const error = jest.fn();
      searches.search('q', 't1', lastEventId)!.subscribe({ error });
      expect(error).toHaveBeenCalledWith(new Error('no corpus'));
    }
  });
});
