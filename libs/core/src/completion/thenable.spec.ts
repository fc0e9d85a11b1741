import { describe, expect, it } from '@jest/globals';
import { currentStage } from '../context/context.js';
import type { StageOptions } from '../stage/stage-definition.js';
import { TrackStage } from '../track-stage.js';
import { Tracking } from '../testing/tracking.js';
import { unhandledRejectionsOf } from '../testing/unhandled-rejections.js';

const failure = new Error('query');

/** A query builder as ORMs have them: private state, chaining, a `then` that executes anew every time. */
class Query implements PromiseLike<string[]> {
  executions = 0;
  readonly #conditions: string[] = [];
  #limit = 10;

  constructor(
    private readonly tracking: Tracking,
    private readonly fails = false,
  ) {}

  where(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
  }

  toString(): string {
    return `where ${this.#conditions.join(' and ')} limit ${this.#limit}`;
  }

  clone(): Query {
    return new Query(this.tracking);
  }

  then<A = string[], B = never>(
    onFulfilled?: ((rows: string[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.executions += 1;
    return this.#execute().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<string[] | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<string[]> {
    return this.#execute().finally(onFinally);
  }

  async #execute(): Promise<string[]> {
    await Promise.resolve();
    this.tracking.tracker.trackStage('CONNECTION', () => {
      this.tracking.clock.advance(30);
    });
    if (this.fails) throw failure;
    return this.#conditions;
  }
}

/** Runs what makes a thenable (which takes 5 ms) as stage A that follows it, a second before it is used. */
function follow<T>(tracking: Tracking, make: () => T, options: StageOptions<Awaited<T>, []> = {}): T {
  const made = tracking.tracker.trackStage(
    'A',
    () => {
      tracking.clock.advance(5);
      return make();
    },
    { followThenable: true, ...options },
  );
  tracking.clock.advance(1_000);
  return made;
}

describe('a lazy thenable that a stage follows', () => {
  it('is a stage from its making and its then to its settlement, with what it does below it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking).where('a'));
      expect(await query).toEqual(['a']);
      expect(query.executions).toBe(1);
      tracking.clock.advance(1_000);
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION))');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 35, selfTimeMs: 5 });
  });

  it('is not executed by following it, and leaves no stage when it is never awaited', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking));
      await new Promise(setImmediate);
      expect(query.executions).toBe(0);
    });
    expect(tracking.tree).toBe('ROOT');
  });

  it('leaves what ran while it was made when it is never awaited', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      follow(tracking, () => {
        tracking.tracker.trackStage('PLAN', () => undefined);
        return new Query(tracking);
      });
    });
    expect(tracking.tree).toBe('ROOT(A(PLAN))');
    expect(tracking.stage('A').durationMs).toBe(5);
  });

  it('fails when it rejects, with the very same error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking, true));
      await expect(Promise.resolve(query)).rejects.toBe(failure);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', errorMessage: 'query', durationMs: 35 });
  });

  it('is one stage for each then', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking));
      await Promise.all([query, query]);
      await query;
      expect(query.executions).toBe(3);
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION) A(CONNECTION) A(CONNECTION))');
  });

  it('has the attributes read off what each execution came to', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking), {
        attributes: (rows) => ({ rows: rows.length }),
      });
      await query;
      await query.where('a').where('b');
    });
    expect(tracking.root.substages.map(({ attributes }) => attributes)).toEqual([{ rows: 0 }, { rows: 2 }]);
  });

  it('has the class, the keys, the accessors and the private fields of the original', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      const original = new Query(tracking).where('a');
      const query = follow(tracking, () => original);
      expect(query).toBeInstanceOf(Query);
      expect(query.constructor).toBe(Query);
      expect(Object.getPrototypeOf(query)).toBe(Query.prototype);
      expect(Object.keys(query)).toEqual(Object.keys(original));
      query.limit = 3;
      expect([query.limit, original.limit, String(query)]).toEqual([3, 3, 'where a limit 3']);
      expect([query.where, query.then, query.where.name]).toEqual([query.where, query.then, 'where']);
    });
  });

  it('stays followed through the methods that return it, and through no other', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking));
      expect(query.where('a').where('b')).toBe(query);
      const clone = query.clone();
      expect(await clone).toEqual([]);
      expect(await query).toEqual(['a', 'b']);
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION) CONNECTION)');
  });

  it('works with the internals of a Map and with a promise that starts when it is awaited', async () => {
    class Rows extends Map<string, number> {
      then(resolve: (size: number) => void): void {
        resolve(this.size);
      }
    }
    class LazyPromise<T> extends Promise<T> {
      #started: Promise<T> | undefined;
      static of<T>(start: () => T): LazyPromise<T> {
        const lazy = new LazyPromise<T>(() => undefined);
        lazy.start = start;
        return lazy;
      }
      private start!: () => T;
      override then<A = T, B = never>(
        onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        this.#started ??= Promise.resolve(this.start());
        return this.#started.then(onFulfilled, onRejected);
      }
    }
    const tracking = new Tracking();
    await tracking.run(async () => {
      const rows = follow(tracking, () => new Rows());
      expect(rows.set('a', 1).set('b', 2)).toBe(rows);
      expect(await rows).toBe(2);
      let starts = 0;
      const lazy = follow(tracking, () => LazyPromise.of(() => (starts += 1)));
      expect(lazy).toBeInstanceOf(Promise);
      expect(starts).toBe(0);
      expect(await lazy.finally(() => undefined)).toBe(1);
    });
    expect(tracking.tree).toBe('ROOT(A A)');
  });

  it('runs callbacks where then was called, and what it does as code of the stage', async () => {
    const tracking = new Tracking();
    const seen: (string | undefined)[] = [];
    const look = (): void => {
      seen.push(currentStage()?.stageId);
    };
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking));
      await tracking.tracker.trackStage('B', () => query.then(look).then(look));
      await follow(tracking, () => new Query(tracking, true)).then(undefined, look);
    });
    expect(seen).toEqual(['B', 'B', 'ROOT']);
  });

  it('is a stage of the trace in which it is awaited', async () => {
    const tracking = new Tracking();
    const query = tracking.run(() => follow(tracking, () => new Query(tracking)));
    await tracking.run(async () => {
      await query;
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION))');
    expect(tracking.stage('A').durationMs).toBe(30);
  });

  it('works outside every trace after its own has ended', async () => {
    const tracking = new Tracking();
    const query = tracking.run(() => follow(tracking, () => new Query(tracking).where('a')));
    expect(await query).toEqual(['a']);
  });

  it('may be the work of a whole trace, and of a decorated method', async () => {
    const tracking = new Tracking();
    class Repository {
      @TrackStage('FIND', { followThenable: true })
      find(): Query {
        return new Query(tracking);
      }
    }
    await tracking.tracker.runTrace('JOB', () => new Repository().find(), {
      threadId: 't',
      followThenable: true,
    });
    expect(tracking.tree).toBe('JOB(FIND(CONNECTION))');
  });

  it.each<[string, (query: Query) => Promise<unknown>, unknown]>([
    ['catch', (query) => query.catch((error: unknown) => error), failure],
    [
      'finally',
      (query) => query.finally(() => undefined).then(undefined, (error: unknown) => error),
      failure,
    ],
    ['then with one callback', (query) => query.then(() => 1).catch((error: unknown) => error), failure],
    ['then without a callback', (query) => query.then().catch((error: unknown) => error), failure],
  ])('is executed and followed once by %s', async (_, use, expected) => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking, true));
      expect(await use(query)).toBe(expected);
      expect(query.executions).toBe(1);
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION))');
    expect(tracking.stage('A').outcome).toBe('error');
  });

  it('does not count what finally does', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Query(tracking).where('a'));
      const rows = await query.finally(() => {
        tracking.clock.advance(500);
      });
      expect(rows).toEqual(['a']);
    });
    expect(tracking.stage('A').durationMs).toBe(35);
  });

  it('has its own catch where that takes more than a callback', async () => {
    class Filtering extends Query {
      override catch(...args: unknown[]): Promise<never> {
        return Promise.resolve(args) as Promise<never>;
      }
    }
    const tracking = new Tracking();
    const ignore = (): void => undefined;
    await tracking.run(async () => {
      const query = follow(tracking, () => new Filtering(tracking));
      expect(await query.catch(TypeError, ignore)).toEqual([TypeError, ignore]);
    });
    expect(tracking.tree).toBe('ROOT');
  });

  it('has no catch and no finally where the original has none', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      const bare = follow(tracking, () => ({ then: () => undefined })) as Record<string, unknown>;
      expect([bare['catch'], bare['finally'], 'catch' in bare]).toEqual([undefined, undefined, false]);
    });
  });

  it('leaves a rejection that nobody handles unhandled', async () => {
    const tracking = new Tracking();
    const reasons = await unhandledRejectionsOf(() =>
      tracking.run(() => {
        void follow(tracking, () => new Query(tracking, true)).then(() => undefined);
      }),
    );
    expect(reasons).toEqual([failure]);
  });

  it('fails when its then throws, with the very same error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const broken = follow(tracking, () => ({
        then: (): void => {
          throw failure;
        },
      }));
      await expect(Promise.resolve(broken)).rejects.toBe(failure);
    });
    expect(tracking.stage('A').outcome).toBe('error');
  });

  it('ends once, however often it calls back', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const eager = follow(tracking, () => ({
        then: (resolve: (value: number) => void, reject: (reason: unknown) => void): void => {
          resolve(1);
          reject(failure);
          resolve(2);
        },
      }));
      expect(await eager).toBe(1);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', errorMessage: undefined });
  });

  it('that never settles is cancelled when its trace ends', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      follow(tracking, () => ({ then: () => undefined })).then();
    });
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });

  it('is a stage as well when it is read row by row', async () => {
    class Rows extends Query {
      async *[Symbol.asyncIterator](): AsyncGenerator<string> {
        yield String(this);
      }
    }
    const tracking = new Tracking();
    await tracking.run(async () => {
      const query = follow(tracking, () => new Rows(tracking));
      for await (const row of query.where('a')) expect(row).toBe('where a limit 10');
    });
    expect(tracking.tree).toBe('ROOT(A)');
  });

  it.each<[string, () => object]>([
    ['then throws when it is read', () => Object.defineProperty({}, 'then', { get: thrower })],
    ['then is no function', () => ({ then: 1 })],
    ['then is fixed, so that no stand-in could exchange it', () => Object.freeze({ then: () => undefined })],
  ])('is left alone when its %s', (_, make) => {
    const tracking = new Tracking();
    const original = make();
    const result = tracking.run(() => follow<unknown>(tracking, () => original));
    expect(result).toBe(original);
    expect(tracking.stage('A').outcome).toBe('ok');
    expect(tracking.recorder.drops.internalErrors).toBe(0);
  });

  it('throws what its then throws once it is read later', () => {
    const tracking = new Tracking();
    tracking.run(() => {
      const original = { then: (): void => undefined };
      const standIn = follow(tracking, () => original);
      Object.defineProperty(original, 'then', { get: thrower, configurable: true });
      expect(() => standIn.then).toThrow(failure);
    });
  });

  it('is followed without the option when the method is async, which awaits it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      await tracking.tracker.trackStage('A', async () => new Query(tracking));
    });
    expect(tracking.tree).toBe('ROOT(A(CONNECTION))');
    expect(tracking.stage('A').durationMs).toBe(30);
  });

  it('is untouched without the option', () => {
    const tracking = new Tracking();
    const query = new Query(tracking);
    expect(tracking.run(() => follow(tracking, () => query, { followThenable: false }))).toBe(query);
    expect(tracking.stage('A').durationMs).toBe(5);
  });
});

describe('a promise with a then of its own', () => {
  /** As the SDKs of OpenAI and Anthropic return it: parses the answer when it is first asked for, and then remembers. */
  class AnswerPromise<T> extends Promise<T> {
    #parsed: Promise<T> | undefined;
    parses = 0;

    constructor(private readonly parse: () => T) {
      super((resolve) => {
        resolve(null as T);
      });
    }

    // Promises that are derived from this one are plain ones.
    static override get [Symbol.species](): PromiseConstructor {
      return Promise;
    }

    override then<A = T, B = never>(
      onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
      onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.#parsed ??= Promise.resolve().then(() => {
        this.parses += 1;
        return this.parse();
      });
      return this.#parsed.then(onFulfilled, onRejected);
    }
  }

  async function* words(): AsyncGenerator<string> {
    yield* ['a', 'b'];
  }

  it('is one stage, however often it is awaited', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const promise = follow(tracking, () => new AnswerPromise(() => 'answer'));
      expect(promise).toBeInstanceOf(AnswerPromise);
      expect([await promise, await promise, await promise.finally(() => undefined)]).toEqual([
        'answer',
        'answer',
        'answer',
      ]);
      expect(promise.parses).toBe(1);
    });
    expect(tracking.tree).toBe('ROOT(A)');
  });

  it('lasts until the stream that it brings is finished, and all get the same stream', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const promise = follow(tracking, () => new AnswerPromise(words));
      const stream = await promise;
      expect(await promise).toBe(stream);
      tracking.clock.advance(1_000);
      expect(await stream.next()).toEqual({ done: false, value: 'a' });
      tracking.clock.advance(7);
      expect(await stream.return(undefined)).toMatchObject({ done: true });
    });
    expect(tracking.tree).toBe('ROOT(A)');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', durationMs: 12 });
  });

  it('fails once, and everybody gets the very same error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const promise = follow(tracking, () => new AnswerPromise(thrower));
      await expect(promise).rejects.toBe(failure);
      await expect(promise.catch(thrower)).rejects.toBe(failure);
    });
    expect(tracking.tree).toBe('ROOT(A)');
    expect(tracking.stage('A').outcome).toBe('error');
  });
});

function thrower(): never {
  throw failure;
}
