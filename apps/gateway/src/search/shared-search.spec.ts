import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ExecutionTracker } from '@followspot/nestjs';
import fc from 'fast-check';
import { Observable, type Subscription } from 'rxjs';
import type { AnswerPart, AnswerService } from '../answer/answer.service.js';
import { UpstreamError } from '../answer/upstream-error.js';
import type { PromptService } from '../answer/prompt.service.js';
import type { AnswerCache } from '../cache/answer-cache.service.js';
import { Flights } from '../cache/flights.service.js';
import { GatewayConfig } from '../config/gateway-config.js';
import type { CorpusService } from '../corpus/corpus.service.js';
import { ReplayBuffer } from './replay-buffer.service.js';
import { ResumableSearch } from './resumable-search.service.js';
import type { PlacedEvent, SearchEvent } from './search-event.js';
import { SearchService } from './search.service.js';

const BY = { provider: 'p', model: 'm' };
const WORDS = ['Every ', 'dimmer ', 'heats ', 'up.'];

/** Where an answerer should say this, it fails. */
const FAILURE = 'FAILURE';

/** An answerer that says a word when it is told to. */
class SlowAnswerer {
  /** How many answers are being worked out at the same time, and at most were. */
  working = 0;
  mostWorking = 0;
  begun = 0;
  readonly #goOn = new Set<() => void>();

  answer(words: readonly string[]): Observable<AnswerPart> {
    return new Observable((subscriber) => {
      let said = 0;
      const goOn = (): void => {
        const word = words[said++];
        if (word === undefined) subscriber.complete();
        else if (word === FAILURE) subscriber.error(new UpstreamError(BY, new Error('cut')));
        else subscriber.next({ text: word, by: BY });
      };
      this.#goOn.add(goOn);
      this.begun += 1;
      this.working += 1;
      this.mostWorking = Math.max(this.mostWorking, this.working);
      return () => {
        this.#goOn.delete(goOn);
        this.working -= 1;
      };
    });
  }

  goOn(): void {
    for (const goOn of [...this.#goOn]) goOn();
  }
}

/** Clients that all ask the same, and a cache that never has it. */
class Herd {
  readonly answerer = new SlowAnswerer();
  readonly flights: Flights<SearchEvent>;
  readonly clients: { readonly told: PlacedEvent[]; readonly subscription: Subscription }[] = [];
  words: readonly string[] = WORDS;
  readonly #searches: ResumableSearch;

  constructor() {
    const config = new GatewayConfig({});
    const tracker = { traceId: 'leader', setAttribute: () => undefined } as unknown as ExecutionTracker;
    this.flights = new Flights(config, tracker);
    const cache = {
      keyOf: (question: string) => question,
      lookup: () => Promise.resolve(undefined),
      store: () => Promise.resolve(),
    };
    const search = new SearchService(
      cache as unknown as AnswerCache,
      { retrieve: () => [] } as unknown as CorpusService,
      { build: () => undefined } as unknown as PromptService,
      { firstChoice: BY, answer: () => this.answerer.answer(this.words) } as unknown as AnswerService,
      this.flights,
    );
    this.#searches = new ResumableSearch(search, new ReplayBuffer(config), tracker);
  }

  async joins(): Promise<number> {
    const told: PlacedEvent[] = [];
    const events = this.#searches.search('q', `t${this.clients.length}`);
    this.clients.push({ told, subscription: events!.subscribe((event) => told.push(event)) });
    await setImmediate();
    return this.clients.length - 1;
  }

  async leaves(client: number): Promise<void> {
    this.clients[client]?.subscription.unsubscribe();
    await setImmediate();
  }

  async goesOn(): Promise<void> {
    this.answerer.goOn();
    await setImmediate();
  }

  async comesToAnEnd(): Promise<void> {
    while (this.answerer.working > 0) await this.goesOn();
  }

  /** The answer as a client has it, and how it was found. */
  text(client: number): { text: string; cached: unknown } {
    const { told } = this.clients[client]!;
    const end = told.at(-1);
    return {
      text: told.map((event) => (event.type === 'token' ? event.text : '')).join(''),
      cached: end?.type === 'done' ? end.cached : undefined,
    };
  }
}

describe('Clients that ask the same at the same time', () => {
  it('are answered by one piece of work', async () => {
    const herd = new Herd();
    await herd.joins();
    await herd.goesOn();
    await herd.joins();
    await herd.comesToAnEnd();
    expect(herd.answerer.begun).toBe(1);
    expect([herd.text(0), herd.text(1)]).toEqual([
      { text: WORDS.join(''), cached: false },
      { text: WORDS.join(''), cached: 'flight' },
    ]);
  });

  it('go on when the first of them leaves: the next one leads, and nobody hears a word twice', async () => {
    const herd = new Herd();
    for (let count = 0; count < 3; count += 1) await herd.joins();
    await herd.goesOn();
    await herd.leaves(0);
    expect(herd.answerer).toMatchObject({ working: 1, begun: 2 });
    await herd.comesToAnEnd();
    expect([herd.text(1), herd.text(2)]).toEqual([
      { text: WORDS.join(''), cached: false },
      { text: WORDS.join(''), cached: 'flight' },
    ]);
    expect(herd.answerer.begun).toBe(2);
  });

  it('are told to start afresh when the next one comes to another answer', async () => {
    const herd = new Herd();
    await herd.joins();
    await herd.joins();
    await herd.goesOn();
    herd.words = ['No ', 'dimmer.'];
    await herd.leaves(0);
    await herd.comesToAnEnd();
    expect(herd.clients[1]!.told.map(({ type }) => type)).toEqual([
      ...['sources', 'token', 'restart', 'sources', 'token', 'token', 'done'],
    ]);
  });

  it('are all told when the model fails in the middle, each in an event of its own stream', async () => {
    const herd = new Herd();
    herd.words = ['Every ', FAILURE];
    await herd.joins();
    await herd.joins();
    await herd.comesToAnEnd();
    for (const [index, { told }] of herd.clients.entries()) {
      expect(told.map(({ type }) => type)).toEqual(['sources', 'token', 'error']);
      expect(told.at(-1)).toMatchObject({
        error: 'upstream_error',
        id: { traceId: `t${index}`, sequence: 3 },
      });
    }
    expect(herd.answerer.begun).toBe(1);
    expect(herd.flights.size).toBe(0);
  });

  it('that all leave leave nothing behind', async () => {
    const herd = new Herd();
    for (let count = 0; count < 3; count += 1) await herd.joins();
    for (const client of [1, 0, 2]) await herd.leaves(client);
    expect(herd.flights.size).toBe(0);
    expect(herd.answerer.working).toBe(0);
  });

  it('that leave all in one turn, as at a shutdown, begin no further work', async () => {
    const herd = new Herd();
    for (let count = 0; count < 3; count += 1) await herd.joins();
    for (const { subscription } of herd.clients) subscription.unsubscribe();
    await setImmediate();
    expect(herd.answerer).toMatchObject({ working: 0, begun: 1 });
  });

  it('may come and go in any order: never is there more than one piece of work, and who stays hears all of it', async () => {
    const step = fc.oneof(
      fc.constant({ does: 'join' as const }),
      fc.constant({ does: 'go on' as const }),
      fc.record({ does: fc.constant('leave' as const), client: fc.nat(8) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const herd = new Herd();
        const left = new Set<number>();
        for (const { does, ...rest } of steps) {
          if (does === 'join') await herd.joins();
          else if (does === 'go on') await herd.goesOn();
          else if ('client' in rest) {
            left.add(rest.client);
            await herd.leaves(rest.client);
          }
        }
        await herd.comesToAnEnd();
        expect(herd.answerer.mostWorking).toBeLessThanOrEqual(1);
        expect(herd.flights.size).toBe(0);
        for (const [index, { told }] of herd.clients.entries()) {
          expect(told.map(({ id }) => id?.sequence)).toEqual(told.map((_, position) => position + 1));
          if (!left.has(index)) expect(herd.text(index).text).toBe(WORDS.join(''));
        }
      }),
    );
  });
});
