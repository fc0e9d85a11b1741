import { describe, expect, it } from '@jest/globals';
import { pinoRedaction } from './pino-redaction.js';

const shown = (place: string, value: unknown, queryText = false): unknown =>
  pinoRedaction({ queryText }).censor(value, place.split('.'));

describe('pinoRedaction', () => {
  it.each([
    ...['authorization', 'Cookie', 'proxy-authorization', 'api-key', 'x-api-key', 'x-goog-api-key'],
    ...['x-auth-token', 'x-amz-security-token', 'x-csrf-token', 'x-hub-signature-256'],
  ])('hides the header %s', (name) => {
    const headers = { host: 'x.test', [name]: 'hunter2' };
    expect(shown('req.headers', headers)).toEqual({ host: 'x.test', [name]: '[redacted]' });
    expect(headers[name]).toBe('hunter2');
  });

  it('hides cookies that are set, and secrets in the URL of a header', () => {
    const headers = { 'set-cookie': ['sid=hunter2'], location: '/next?token=hunter2&page=1' };
    expect(shown('res.headers', headers)).toEqual({
      'set-cookie': '[redacted]',
      location: '/next?token=[redacted]&page=1',
    });
  });

  it.each<[string, object]>([
    ['text', { q: 'illness' }],
    ['a list', { q: ['my', 'illness'] }],
    ['nested', { search: { q: 'illness' } }],
    ['deep', { filter: { by: { question: ['illness'] } } }],
    ['one name for a nested text', { 'search[q]': 'illness' }],
    ['one name for a list', { 'q[]': ['illness'] }],
    ['a secret', { client_secret: 'illness' }],
    ['a nested secret', { 'auth[token]': 'illness' }],
    ['a text that looks like a secret', { page: 'Bearer illness' }],
  ])('hides a parameter that is %s', (_, query) => {
    expect(JSON.stringify(shown('req.query', { page: '2', ...query }))).not.toContain('illness');
    expect(shown('req.query', { n: '2', ...query })).toMatchObject({ n: '2' });
  });

  it('leaves the query as it is, and shows its text where that is allowed', () => {
    const query = Object.assign(Object.create(null) as object, {
      q: ['cats'],
      'f[q]': 'dogs',
      token: 'hunter2',
    });
    expect(shown('req.query', query, true)).toEqual({ q: ['cats'], 'f[q]': 'dogs', token: '[redacted]' });
    expect(query).toMatchObject({ token: 'hunter2' });
  });

  it.each([undefined, null, 'q=1', 7])('takes %p where a query should be', (query) => {
    expect(shown('req.query', query)).toBe(query);
  });

  it('hides all of a path that the application adds', () => {
    expect(shown('user.password', 'hunter2')).toBe('[redacted]');
    expect(shown('user.headers', { a: 'hunter2' })).toBe('[redacted]');
  });
});
