import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeError } from './describe-error.js';

class QuotaExceeded extends Error {}

function throwing(): never {
  throw new Error('getter');
}

const hostile: object = new Proxy(
  {},
  {
    get: throwing,
    has: throwing,
    getPrototypeOf: throwing,
    ownKeys: throwing,
    getOwnPropertyDescriptor: throwing,
  },
);

describe('describeError', () => {
  it.each([
    ['an error', new TypeError('bad'), 'TypeError', 'bad'],
    ['a subclass that forgot its name', new QuotaExceeded('full'), 'QuotaExceeded', 'full'],
    [
      'an abort, whose name says more than its class',
      new DOMException('left', 'AbortError'),
      'AbortError',
      'left',
    ],
    ['an error of another realm', runInNewContext('new RangeError("far")'), 'RangeError', 'far'],
    ['a frozen error', Object.freeze(new Error('cold')), 'Error', 'cold'],
    [
      'a named object',
      { name: 'HTTP 503', message: 'Service Unavailable' },
      'HTTP 503',
      'Service Unavailable',
    ],
    ['a plain object', { code: 1 }, 'Object', ''],
    ['an object without prototype', Object.create(null), 'Error', ''],
    ['a message that is no text', { name: 'X', message: { a: 1 } }, 'X', ''],
    ['a string', 'text', 'string', 'text'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['null', null, 'null', 'null'],
    ['a number', 404, 'number', '404'],
    ['a symbol', Symbol('s'), 'symbol', 'Symbol(s)'],
    ['a bigint', 1n, 'bigint', '1'],
    ['a proxy whose traps throw', hostile, 'Unknown', ''],
  ])('describes %s', (_, error, type, message) => {
    expect(describeError(error, 256)).toMatchObject({ type, message });
  });

  it('keeps the name of an error whose message throws when it is read', () => {
    const error = Object.defineProperty(new RangeError('x'), 'message', { get: throwing });
    expect(describeError(error, 256)).toMatchObject({ type: 'RangeError', message: '' });
  });

  it('keeps the message of an error whose name throws when it is read', () => {
    const error = Object.defineProperty(new RangeError('x'), 'name', { get: throwing });
    expect(describeError(error, 256)).toMatchObject({ type: 'Unknown', message: 'x' });
  });

  it('cuts type and message', () => {
    const error = Object.assign(new Error('m'.repeat(1_000_000)), { name: 'n'.repeat(1_000) });
    expect(describeError(error, 10)).toMatchObject({ type: 'n'.repeat(10), message: 'm'.repeat(10) });
  });

  it('keeps the chain of causes, nearest first', () => {
    const refused = Object.assign(new AggregateError([new Error('v6'), new Error('v4')]), {
      code: 'ECONNREFUSED',
    });
    const error = new Error('no answer', { cause: new TypeError('fetch failed', { cause: refused }) });
    expect(describeError(error, 256)).toEqual({
      type: 'Error',
      message: 'no answer',
      status: undefined,
      causes: ['TypeError: fetch failed', 'AggregateError: ECONNREFUSED', 'Error: v6', 'Error: v4'],
    });
  });

  it('keeps no more than five causes, of a circle each once, and what can be read where a getter throws', () => {
    let deep = new Error('0');
    for (let n = 1; n < 100; n += 1) deep = new Error(String(n), { cause: deep });
    expect(describeError(deep, 256).causes).toEqual(['98', '97', '96', '95', '94'].map((n) => `Error: ${n}`));

    const a = new Error('a');
    const b = new Error('b', { cause: a });
    a.cause = b;
    expect(describeError(a, 256).causes).toEqual(['Error: b']);

    const unreadable = Object.defineProperty(new Error('x'), 'cause', { get: throwing });
    expect(describeError(unreadable, 256).causes).toEqual([]);
    expect(describeError(new Error('x', { cause: 'text' }), 256).causes).toEqual(['string: text']);
    expect(describeError(new Error('x', { cause: new Error('y'.repeat(99)) }), 10).causes).toEqual([
      'Error: yyy',
    ]);
  });

  it.each([
    [{ status: 429 }, 429],
    [{ statusCode: 503 }, 503],
    [{ status: 'active', statusCode: 404 }, 404],
    [{ status: 1 }, undefined],
    [{ status: 200.5 }, undefined],
    [undefined, undefined],
  ])('keeps the HTTP status of %j', (error, status) => {
    expect(describeError(error, 256).status).toBe(status);
  });

  it('never throws and always answers two short strings', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
        (error) => {
          const { type, message } = describeError(error, 20);
          expect(typeof type === 'string' && type.length <= 20).toBe(true);
          expect(typeof message === 'string' && message.length <= 20).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
