import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';

const failure = new Error('iterable');

/** Like the stream of a model's SDK: private fields, methods, accessors, and read with `for await`. */
class TokenStream implements AsyncIterable<string> {
  readonly controller = new AbortController();
  readonly version = 3;
  #usage = 0;
  #listener: (() => void) | undefined;

  constructor(
    private readonly tracking: Tracking,
    private readonly failsAtEnd = false,
  ) {}

  get usage(): number {
    return this.#usage;
  }

  set listener(listener: () => void) {
    this.#listener = listener;
  }

  abort(): string {
    this.controller.abort();
    return `aborted after ${this.#usage}`;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (const token of ['a', 'b', 'c']) {
      await Promise.resolve();
      this.tracking.tracker.trackStage('TOKEN', () => this.tracking.clock.advance(1));
      this.#usage += 1;
      this.#listener?.();
      yield token;
    }
    if (this.failsAtEnd) throw failure;
  }
}

async function read(iterable: AsyncIterable<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const value of iterable) seen.push(value);
  return seen;
}

describe('a stage whose work returns an async iterable', () => {
  it('lasts from the first read to the end, with what the source does below it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => new TokenStream(tracking));
      tracking.clock.advance(1_000);
      expect(await read(stream)).toEqual(['a', 'b', 'c']);
    });
    expect(tracking.tree).toBe('ROOT(A(TOKEN TOKEN TOKEN))');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 3, selfTimeMs: 0 });
  });

  it('gives back an object with the class, the methods, the accessors and the private fields of the original', async () => {
    const tracking = new Tracking();
    let heard = 0;
    await tracking.run(async () => {
      const original = new TokenStream(tracking);
      const stream = tracking.tracker.trackStage('A', () => original);
      expect(stream).toBeInstanceOf(TokenStream);
      expect(stream.constructor).toBe(TokenStream);
      expect([stream.usage, stream.version, stream.controller]).toEqual([0, 3, original.controller]);
      expect(stream.abort).toBe(stream.abort);
      stream.listener = () => {
        heard += 1;
      };
      await read(stream);
      expect(stream.abort()).toBe('aborted after 3');
    });
    expect(heard).toBe(3);
  });

  it('stays followed through the methods that return it, as builders do', async () => {
    class Listening extends TokenStream {
      on(_event: string): this {
        return this;
      }
    }
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => new Listening(tracking));
      expect(stream.on('token')).toBe(stream);
      await read(stream.on('token'));
    });
    expect(tracking.tree).toBe('ROOT(A(TOKEN TOKEN TOKEN))');
  });

  it('sees a method that is exchanged after it was read', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      const stream = tracking.tracker.trackStage('A', () => new TokenStream(tracking));
      expect(stream.abort()).toBe('aborted after 0');
      stream.abort = () => 'exchanged';
      expect(stream.abort()).toBe('exchanged');
    });
  });

  it('fails when the iteration fails, with the very same error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => new TokenStream(tracking, true));
      await expect(read(stream)).rejects.toBe(failure);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', errorMessage: 'iterable' });
  });

  it('is cancelled when the consumer breaks off', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      for await (const _ of tracking.tracker.trackStage('A', () => new TokenStream(tracking))) break;
    });
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });

  it('is one stage more for each further iteration', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => new TokenStream(tracking));
      await read(stream);
      await read(stream);
    });
    expect(tracking.tree).toBe('ROOT(A(TOKEN TOKEN TOKEN) A(TOKEN TOKEN TOKEN))');
  });

  it('leaves no stage when it is never iterated', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => new TokenStream(tracking));
    });
    expect(tracking.tree).toBe('ROOT');
  });

  it('that a promise brings is one stage with the time before it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = await tracking.tracker.trackStage('A', async () => {
        tracking.clock.advance(4);
        return new TokenStream(tracking);
      });
      tracking.clock.advance(1_000);
      await read(stream);
    });
    expect(tracking.stage('A').durationMs).toBe(7);
  });

  it('may be an iterator that is stepped by hand, which gets only the steps it has', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      let left = 2;
      const bare: AsyncIterableIterator<number> = {
        next: async () => (left > 0 ? { value: left--, done: false } : { value: undefined, done: true }),
        [Symbol.asyncIterator]() {
          return this;
        },
      };
      const iterator = tracking.tracker.trackStage('A', () => bare);
      expect([iterator.return, iterator.throw]).toEqual([undefined, undefined]);
      expect([await iterator.next(), await iterator.next()].map(({ value }) => value as unknown)).toEqual([
        2, 1,
      ]);
      expect(await read(iterator)).toEqual([]);
    });
    expect(tracking.root.substages.map(({ outcome }) => outcome)).toEqual(['ok']);
  });

  it('leaves a frozen one alone, which a stand-in could not follow', async () => {
    const tracking = new Tracking();
    const frozen = Object.freeze({
      async *[Symbol.asyncIterator]() {
        yield 1;
      },
    });
    await tracking.run(async () => {
      const result = tracking.tracker.trackStage('A', () => frozen);
      expect(result).toBe(frozen);
      expect(await read(result)).toEqual([1]);
    });
  });

  it('follows one with other fixed properties, and gives those back as they are', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const fixed = (): number => 1;
      const original = Object.defineProperty(new TokenStream(tracking), 'fixed', { value: fixed });
      const result = tracking.tracker.trackStage('A', () => original) as TokenStream & { fixed: unknown };
      expect(result.fixed).toBe(fixed);
      expect(await read(result)).toHaveLength(3);
    });
    expect(tracking.stage('A').outcome).toBe('ok');
  });
});
