import { describe, expect, it } from '@jest/globals';
import { redactText } from './redact-text.js';

const shown = (text: string): string => redactText(text, false);

describe('A text', () => {
  it.each([
    ['Bearer abc.def-123', 'Bearer [redacted]'],
    ['got "authorization: Basic dXNlcjpwYXNz" from', 'got "authorization: [redacted]'],
    ['sent Basic dXNlcjpwYXNz to it', 'sent Basic [redacted] to it'],
    ['Cookie: a=1; session=2\nHost: x', 'Cookie: [redacted]\nHost: x'],
    ['Set-Cookie: a=1', 'Set-Cookie: [redacted]'],
    ['Incorrect API key provided: sk-proj-abcdefghijk.', 'Incorrect API key provided: [redacted].'],
    ['key sk_live_abcdefghijk', 'key [redacted]'],
    ['ghp_abcdefghijklmnopqrst', '[redacted]'],
    ['xoxb-1234567890-abc', '[redacted]'],
    ['AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', '[redacted]'],
    ['{"apiKey":"abc","n":1}', '{"apiKey":[redacted],"n":1}'],
    ["{ password: 'a b' }", '{ password: [redacted] }'],
    [String.raw`{\"client_secret\":\"abc\"}`, String.raw`{\"client_secret\":[redacted]}`],
    ['https://x.test/?access_token=abc&n=1', 'https://x.test/?access_token=[redacted]&n=1'],
    ['connect redis://:hunter2@cache:6379/0 refused', 'connect redis://[redacted]@cache:6379/0 refused'],
    ['postgres://user:p/ss#w@db', 'postgres://[redacted]@db'],
    ['https://token@github.test/x', 'https://[redacted]@github.test/x'],
    ['the text ends in redis://user:hun', 'the text ends in redis://[redacted]@'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----!', '[redacted]!'],
    ['-----BEGIN PRIVATE KEY-----\nabc', '[redacted]'],
    ['GET /search?q=my+illness&page=2 failed', 'GET /search?q=[redacted]&page=2 failed'],
    ['/search?search[q]=my+illness&page=2', '/search?search[q]=[redacted]&page=2'],
    ['/search?page=2&search%5Bq%5D=my%20illness', '/search?page=2&search%5Bq%5D=[redacted]'],
    ['/search?%71=my+illness', '/search?%71=[redacted]'],
    ['/search?q[]=my&q[]=illness&q[0]=x', '/search?q[]=[redacted]&q[]=[redacted]&q[0]=[redacted]'],
    ['/search?filter.question=illness', '/search?filter.question=[redacted]'],
    ['/x?%61pi_key=abc&auth[token]=abc&n=1', '/x?%61pi_key=[redacted]&auth[token]=[redacted]&n=1'],
    ['/x?q%=illness&api%5fkey%=1', '/x?q%=[redacted]&api%5fkey%=1'],
    [
      String.raw`{"messages":[{"role":"user","content":"my \"] illness"},"x"],"n":[1]}`,
      '{"messages":"[redacted]","n":[1]}',
    ],
    ['cut {"prompt":["my illness', 'cut {"prompt":"[redacted]"'],
    [String.raw`400: {"prompt":"my \"illness\"","n":1}`, '400: {"prompt":"[redacted]","n":1}'],
  ])('%j is shown as %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:6379',
    'http://127.0.0.1:3000/search',
    'see http://localhost:3000, or not',
    'https://registry.npmjs.org/@nestjs/core',
    'Basic authentication failed',
    'Basic Authentication failed',
    'the bearer token is missing',
    'inputTokens: 5, outputTokens=7',
    "Unexpected token '}' in JSON at position 4",
    'listening on http://[::1]:3000',
    '/items?page=2&sort[by]=name&%E0=1&max_tokens=5#q=1',
    '/items?a=1&&b=2?c==3',
    'risk-averse-and-task-oriented',
    '',
  ])('%j says no secret and is shown as it is', (text) => {
    expect(shown(text)).toBe(text);
  });

  it('may show query text, but no secrets beside it', () => {
    expect(redactText('/search?q=cats&f[q]=cats&api_key=abc&f[token]=abc {"prompt":"dogs"}', true)).toBe(
      '/search?q=cats&f[q]=cats&api_key=[redacted]&f[token]=[redacted] {"prompt":"dogs"}',
    );
  });
});
