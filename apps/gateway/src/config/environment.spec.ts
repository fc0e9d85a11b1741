import { describe, expect, it } from '@jest/globals';
import { Environment, StartError } from './environment.js';

describe('Environment', () => {
  it.each(['', ' ', 'abc', '-1', '1.5', '1e3', '0x1', ' 80', '80 ', '65536', '9'.repeat(20)])(
    'a whole number is refused when it is "%s", naming variable and value',
    (value) => {
      const read = (): unknown => new Environment({ PORT: value }).wholeNumber('PORT', 0, 65_535);
      expect(read).toThrow(StartError);
      expect(read).toThrow(`PORT must be a whole number from 0 to 65535, got ${JSON.stringify(value)}`);
    },
  );

  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['0080', 80],
  ])('a whole number may be "%s"', (value, expected) => {
    expect(new Environment({ PORT: value }).wholeNumber('PORT', 0, 65_535)).toBe(expected);
  });

  it.each(['', '0', '0.0', '-1', '1e3', '1,50', '.5', '5.', '1.2345678', '1001'])(
    'an amount is refused when it is "%s"',
    (value) => {
      const read = (): unknown => new Environment({ BUDGET: value }).amount('BUDGET', 1_000);
      expect(read).toThrow(StartError);
      expect(read).toThrow(
        `BUDGET must be an amount above 0 and up to 1000, such as 12.50, got ${JSON.stringify(value)}`,
      );
    },
  );

  it.each([
    ['0.000001', 0.000_001],
    ['12.50', 12.5],
    ['1000', 1_000],
  ])('an amount may be "%s"', (value, expected) => {
    expect(new Environment({ BUDGET: value }).amount('BUDGET', 1_000)).toBe(expected);
  });

  it('what is not set is undefined, of every type', () => {
    const environment = new Environment({});
    expect(environment.has('X')).toBe(false);
    expect(environment.text('X')).toBeUndefined();
    expect(environment.wholeNumber('X', 0, 1)).toBeUndefined();
    expect(environment.amount('X', 1)).toBeUndefined();
    expect(environment.oneOf('X', ['a'])).toBeUndefined();
    expect(environment.flag('X')).toBeUndefined();
    expect(environment.url('X', ['redis:'])).toBeUndefined();
  });

  it('a flag is true or false and nothing else', () => {
    expect(new Environment({ X: 'true' }).flag('X')).toBe(true);
    expect(new Environment({ X: 'false' }).flag('X')).toBe(false);
    for (const value of ['', '1', 'TRUE', 'yes']) {
      expect(() => new Environment({ X: value }).flag('X')).toThrow('X must be one of true, false, got');
    }
  });

  it('a URL has one of the schemes', () => {
    expect(new Environment({ X: 'rediss://host:1/2' }).url('X', ['redis:', 'rediss:'])).toBe(
      'rediss://host:1/2',
    );
    for (const value of ['', 'host:6379', 'http://host', 'redis']) {
      const read = (): unknown => new Environment({ X: value }).url('X', ['redis:', 'rediss:']);
      expect(read).toThrow(
        `X must be a URL that starts with redis:// or rediss://, got ${JSON.stringify(value)}`,
      );
    }
  });

  it.each(['http://user:secret@host', 'user:secret@host', 'redis//:secret@host', '//a:b@secret@host'])(
    'an error about the URL %s does not tell its password',
    (value) => {
      const read = (): unknown => new Environment({ X: value }).url('X', ['redis:']);
      expect(read).toThrow('host');
      expect(read).not.toThrow('secret');
    },
  );
});
