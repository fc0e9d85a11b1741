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
    expect(describeError(error, 256)).toEqual({ type, message });
  });

  it('keeps the name of an error whose message throws when it is read', () => {
    const error = Object.defineProperty(new RangeError('x'), 'message', { get: throwing });
    expect(describeError(error, 256)).toEqual({ type: 'RangeError', message: '' });
  });

  it('keeps the message of an error whose name throws when it is read', () => {
    const error = Object.defineProperty(new RangeError('x'), 'name', { get: throwing });
    expect(describeError(error, 256)).toEqual({ type: 'Unknown', message: 'x' });
  });

  it('cuts type and message', () => {
    const error = Object.assign(new Error('m'.repeat(1_000_000)), { name: 'n'.repeat(1_000) });
    expect(describeError(error, 10)).toEqual({ type: 'n'.repeat(10), message: 'm'.repeat(10) });
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
