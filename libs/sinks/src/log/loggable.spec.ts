import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_LOG_LIMITS, type LogLimits } from './log-limits.js';
import { Loggable } from './loggable.js';
import { SecretKeys } from './secret-keys.js';

function loggable(
  limits: Partial<LogLimits> = {},
  furtherKeys: string[] = [],
  showsQueryText = false,
): Loggable {
  return new Loggable({
    limits: { ...DEFAULT_LOG_LIMITS, ...limits },
    keys: new SecretKeys(furtherKeys, showsQueryText),
    showsQueryText,
  });
}

const copyOf = (value: unknown): unknown => loggable().copy(value);

function throwing(): never {
  throw new Error('never to be seen');
}

describe('A copy for a log line', () => {
  it('has the same plain values', () => {
    const value = { text: 'a', number: 1.5, flag: true, none: null, list: [1, { deep: 'b' }] };
    expect(copyOf(value)).toEqual(value);
  });

  it.each([
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'cookies',
    'set-cookie',
    'x-api-key',
    'apiKey',
    'API_KEY',
    'openaiApiKey',
    'token',
    'access_token',
    'refreshToken',
    'tokens',
    'password',
    'userPassword',
    'passwd',
    'pwd',
    'passphrase',
    'secret',
    'client_secret',
    'credentials',
    'privateKey',
    'AWS_SECRET_ACCESS_KEY',
    'X-Amz-Signature',
    'sig',
    'jwt',
    'auth',
    'q',
    'query',
    'Query',
    'prompt',
    'systemPrompt',
    'question',
    'messages',
  ])('does not show the value of %s', (key) => {
    for (const value of ['hunter2', ['hunter2'], { hunter2: 'hunter2' }]) {
      expect(copyOf({ a: { [key]: value } })).toEqual({ a: { [key]: '[redacted]' } });
    }
  });

  it.each([
    ['inputTokens', 5],
    ['tokens', 5],
    ['tokenCost', 0.1],
    ['hasToken', true],
    ['password', null],
    ['prompts', 3],
    ['query', 7],
    ['message', 'no such thing'],
    ['keyboard', 'x'],
    ['route', '/search'],
  ])('shows that %s is %j', (key, value) => {
    expect(copyOf({ [key]: value })).toEqual({ [key]: value });
  });

  it('hides the names that the application adds, and shows query text where it may', () => {
    const value = { licenceNumber: 'B-1', 'licence-number': 2, q: 'cats' };
    expect(loggable({}, ['licence_number'], true).copy(value)).toEqual({
      licenceNumber: '[redacted]',
      'licence-number': '[redacted]',
      q: 'cats',
    });
  });

  it('hides secrets in lists of names and values, such as raw headers', () => {
    expect(copyOf(['Host', 'x', 'Authorization', 'abc', 'Cookie', 'a=1'])).toEqual([
      'Host',
      'x',
      'Authorization',
      '[redacted]',
      'Cookie',
      '[redacted]',
    ]);
    expect(copyOf([['x-api-key', 'abc']])).toEqual([['x-api-key', '[redacted]']]);
    expect(copyOf(new Headers({ authorization: 'abc', host: 'x' }))).toEqual({
      authorization: '[redacted]',
      host: 'x',
    });
    expect(copyOf(new URLSearchParams('token=abc&page=2'))).toEqual({ token: '[redacted]', page: '2' });
    expect(copyOf(new Map([['password', 'abc']]))).toEqual({ password: '[redacted]' });
  });

  it('of an error has its type, message, status and causes, and nothing else of it', () => {
    const cause = new TypeError('fetch https://u:hunter2@x failed', { cause: new Error('Bearer hunter2') });
    const error = Object.assign(new RangeError('no', { cause }), {
      status: 502,
      config: { headers: 'hunter2' },
    });
    expect(copyOf({ error })).toEqual({
      error: {
        type: 'RangeError',
        message: 'no',
        status: 502,
        causes: ['TypeError: fetch https://[redacted]@x failed', 'Error: Bearer [redacted]'],
      },
    });
  });

  it('has text for what JSON has no word for', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    expect(
      copyOf({
        big: 12n,
        huge: 10n ** 60n,
        symbol: Symbol('s'),
        function: throwing,
        nan: Number.NaN,
        infinity: -Infinity,
        date: new Date(0),
        noDate: new Date(Number.NaN),
        bytes: Buffer.from('hunter2'),
        set: new Set([1]),
        regexp: /a/g,
        url: new URL('http://u:hunter2@x/'),
        boxed: new String('sk-hunter2hunter2'),
        nothing: undefined,
        circle,
      }),
    ).toEqual({
      big: '12',
      huge: '[bigint]',
      symbol: 'Symbol(s)',
      function: '[function]',
      nan: 'NaN',
      infinity: '-Infinity',
      date: '1970-01-01T00:00:00.000Z',
      noDate: 'Invalid Date',
      bytes: '[7 bytes]',
      set: [1],
      regexp: '/a/g',
      url: 'http://[redacted]@x/',
      boxed: '[redacted]',
      circle: { name: 'circle', self: '[circular]' },
    });
  });

  it('runs no getter, no proxy trap and no toJSON', () => {
    const traps = {
      get: throwing,
      ownKeys: throwing,
      getOwnPropertyDescriptor: throwing,
      getPrototypeOf: throwing,
    };
    const proxy: object = new Proxy({}, traps);
    const heir = Object.create(proxy) as object;
    expect(
      copyOf({
        getter: Object.defineProperty({}, 'a', { get: throwing, enumerable: true }),
        proxy,
        heir,
        toJSON: throwing,
      }),
    ).toEqual({ getter: { a: '[getter]' }, proxy: '[proxy]', heir: '[unreadable]', toJSON: '[function]' });
  });

  it('of a text that is too long is cut, which is counted, and is quick', () => {
    const copies = loggable();
    const copy = copies.copy('x'.repeat(1_000_000)) as string;
    expect(copy).toBe(`${'x'.repeat(2_048)}…`);
    expect(copies.cuts).toBe(1);
  });

  it('of a text that is cut within a secret shows no part of that', () => {
    for (let length = 2_000; length < 2_700; length += 1) {
      const text = `${'x '.repeat(length / 2)}https://user:hunter2hunter2hunter2@host sk-hunter2hunter2hunter2`;
      expect(loggable().copy(text.padEnd(5_000, ' y'))).not.toMatch(/hun/);
    }
  });

  it('of what is too deep or too much is cut, which is counted', () => {
    const deep = loggable({ depth: 2 });
    expect(deep.copy({ a: { b: { c: 1 }, d: [1] } })).toEqual({ a: { b: '[object]', d: '[array]' } });
    expect(deep.cuts).toBe(2);

    const wide = loggable({ lineLength: 256 });
    const list = wide.copy(Array.from({ length: 100_000 }, (_, index) => index)) as number[];
    expect(list.length).toBeLessThan(64);
    expect(wide.cuts).toBe(1);
    expect((loggable().copy(new Array(4_294_967_295)) as unknown[]).length).toBeLessThan(3_000);
  });
});

const MARK = 'HUNTER2hunter2HUNTER2';
const words = fc.array(fc.constantFrom('no', 'such', 'thing:', '"x"', 'at', '{', '}', '\n', '/a?b=c'), {
  maxLength: 6,
});

/** A text with a secret in it. */
const secretText = fc
  .tuple(
    words,
    fc.constantFrom(
      `Bearer ${MARK}`,
      `authorization: ${MARK}`,
      `Cookie: id=${MARK}`,
      `sk-${MARK}`,
      `api_key=${MARK}`,
      `{"password":"${MARK}"}`,
      `redis://user:${MARK}@host:6379/1`,
      `https://${MARK}@host/`,
      `https://host/path?x=1&token=${MARK}&y`,
      `/search?q=${MARK}`,
      `{"prompt": "a ${MARK} b"}`,
      `eyJ${MARK}.${MARK}`,
    ),
    words,
  )
  .map(([before, secret, after]) => [...before, secret, ...after].join(' '));

const secretKey = fc.constantFrom(
  'authorization',
  'x-api-key',
  'password',
  'sessionToken',
  'query',
  'cookies',
);

/** Anything at all, with secrets in some places. */
const input = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'node' },
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    secretText,
    secretText.map((text) => new Error(text, { cause: new Error(text) })),
    secretText.map((text) => Symbol(text)),
    fc.tuple(secretKey, fc.constantFrom(MARK, [MARK], { a: MARK })).map(([key, value]) => ({ [key]: value })),
    secretText.map((text) => ({ [text]: 1 })),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('node'), { maxKeys: 4 }),
    fc.tuple(fc.string(), tie('node')).map((pair) => new Map([pair])),
  ),
})).node;

describe('A copy of anything', () => {
  it('is JSON within bounds and without secrets, and leaves the original as it was', () => {
    fc.assert(
      fc.property(input, (value) => {
        const before = fc.stringify(value);
        const text = JSON.stringify(loggable().copy({ value }));
        expect(text).not.toMatch(/hunter2/i);
        expect(text.length).toBeLessThan(4 * DEFAULT_LOG_LIMITS.lineLength);
        expect(fc.stringify(value)).toBe(before);
      }),
      { numRuns: 1_000 },
    );
  });
});
