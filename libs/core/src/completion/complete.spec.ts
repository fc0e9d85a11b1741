import { describe, expect, it, jest } from '@jest/globals';
import type { ResultShape } from './result-shape.js';
import { Tracking } from '../testing/tracking.js';

function throwing(): never {
  throw new Error('do not look at me');
}

/** A query builder as ORMs have them: to call its `then` executes the query. */
class LazyQuery {
  executions = 0;

  then(resolve: (rows: number[]) => void): void {
    this.executions += 1;
    resolve([1, 2]);
  }
}

/** Runs `fn`, which takes 5 ms, as stage A of a trace; says what came back and how the stage ended. */
function track<T>(fn: () => T): { tracking: Tracking; result: T } {
  const tracking = new Tracking();
  const result = tracking.run(() =>
    tracking.tracker.trackStage('A', () => {
      tracking.clock.advance(5);
      return fn();
    }),
  );
  return { tracking, result };
}

const frozen = Object.freeze({ a: 1 });
const hostileProxy: object = new Proxy(
  {},
  {
    get: throwing,
    has: throwing,
    getPrototypeOf: throwing,
    ownKeys: throwing,
    getOwnPropertyDescriptor: throwing,
  },
);

describe('a stage whose work returns a value', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 0],
    ['a string', ''],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['an object', { a: 1 }],
    ['a frozen object', frozen],
    ['an array', [1]],
    ['a Map', new Map([[1, 2]])],
    ['a function', () => 1],
    ['a function with a then', Object.assign(() => 1, { then: throwing })],
    ['a class', LazyQuery],
    ['an iterator of an array', [1].values()],
    ['an object without prototype', Object.create(null)],
    ['a proxy whose traps throw', hostileProxy],
    ['a proxy of a promise', new Proxy(Promise.resolve(1), {})],
    ['an object whose then throws when it is read', Object.defineProperty({}, 'then', { get: throwing })],
    [
      'an object whose iterator throws when it is read',
      Object.defineProperty({}, Symbol.asyncIterator, { get: throwing }),
    ],
    [
      'an object whose tag throws when it is read',
      Object.defineProperty({}, Symbol.toStringTag, { get: throwing }),
    ],
  ])('ends at once and gives back the very same: %s', (_, value) => {
    const { tracking, result } = track(() => value);
    expect(Object.is(result, value)).toBe(true);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', success: true, durationMs: 5 });
    expect(tracking.recorder.drops.internalErrors).toBe(0);
  });

  it('hands a lazy thenable back untouched and never executes it', async () => {
    const query = new LazyQuery();
    const { tracking, result } = track(() => query);
    expect(result).toBe(query);
    await new Promise(setImmediate);
    expect(query.executions).toBe(0);
    expect(tracking.stage('A').durationMs).toBe(5);
    await expect(Promise.resolve(result)).resolves.toEqual([1, 2]);
  });

  it('leaves a lazy thenable that is also async iterable alone', () => {
    const query = Object.assign(new LazyQuery(), { [Symbol.asyncIterator]: throwing });
    expect(track(() => query).result).toBe(query);
    expect(query.executions).toBe(0);
  });
});

describe('a stage whose work throws', () => {
  it.each<[string, unknown, string, string]>([
    ['an error', new TypeError('bad'), 'TypeError', 'bad'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a string', 'text', 'string', 'text'],
    ['null', null, 'null', 'null'],
    ['a frozen error', Object.freeze(new Error('cold')), 'Error', 'cold'],
    [
      'an error with a throwing message',
      Object.defineProperty(new Error('x'), 'message', { get: throwing }),
      'Error',
      '',
    ],
    ['a proxy whose traps throw', hostileProxy, 'Unknown', ''],
  ])('fails and throws the very same: %s', (_, thrown, errorType, errorMessage) => {
    const tracking = new Tracking();
    let caught: unknown = 'nothing was thrown';
    tracking.run(() => {
      try {
        tracking.tracker.trackStage('A', () => {
          tracking.clock.advance(5);
          throw thrown;
        });
      } catch (error) {
        caught = error;
      }
    });
    expect(Object.is(caught, thrown)).toBe(true);
    expect(tracking.stage('A')).toMatchObject({
      outcome: 'error',
      success: false,
      durationMs: 5,
      errorType,
      errorMessage,
    });
    expect(tracking.root).toMatchObject({ outcome: 'ok', errorType: undefined, errorMessage: undefined });
  });
});

describe('a shape that a library adds', () => {
  class Ticket {
    finish: () => void = () => undefined;
  }

  function ticketShape(follow: ResultShape['follow']): ResultShape {
    return { name: 'ticket', matches: (result) => result instanceof Ticket, follow };
  }

  it('decides when the work is finished, and time before the claim is not counted', () => {
    const shape = ticketShape((result, held) => {
      const followed = new Ticket();
      followed.finish = () => {
        const stage = held.claim();
        stage?.run(() => (result as Ticket).finish());
        stage?.succeed();
      };
      return followed;
    });
    const tracking = new Tracking({ shapes: [shape] });
    tracking.run(() => {
      const original = new Ticket();
      original.finish = () => tracking.tracker.trackStage('B', () => tracking.clock.advance(7));
      const ticket = tracking.tracker.trackStage('A', () => original);
      tracking.clock.advance(100);
      ticket.finish();
    });
    expect(tracking.tree).toBe('ROOT(A(B))');
    expect(tracking.stage('A').durationMs).toBe(7);
  });

  it('that throws is counted and reported, and the caller gets the original', () => {
    const reported = jest.fn();
    const tracking = new Tracking({ shapes: [ticketShape(throwing)], onInternalError: reported });
    const ticket = new Ticket();
    expect(tracking.run(() => tracking.tracker.trackStage('A', () => ticket))).toBe(ticket);
    expect(reported).toHaveBeenCalledWith('shape ticket', new Error('do not look at me'));
    expect(tracking.stage('A').outcome).toBe('ok');
  });
});
