import { describe, expect, it } from '@jest/globals';
import { BadGatewayException, GatewayTimeoutException, RequestTimeoutException } from '@nestjs/common';
import { firstValueFrom, NEVER, timeout } from 'rxjs';
import { isTimeout } from './is-timeout.js';

class APIConnectionTimeoutError extends Error {}

describe('an error says that somebody waited too long', () => {
  it.each<[string, () => unknown]>([
    ['AbortSignal.timeout', () => new DOMException('The operation timed out.', 'TimeoutError')],
    ['Nest (504)', () => new GatewayTimeoutException()],
    ['Nest (408)', () => new RequestTimeoutException()],
    ['an SDK that names only its class', () => new APIConnectionTimeoutError('Request timed out.')],
    ['Node', () => Object.assign(new Error('connect'), { code: 'ETIMEDOUT' })],
    ['undici', () => Object.assign(new Error('fetch'), { code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['a cause of it', () => new TypeError('fetch failed', { cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } })],
  ])('%s', (_, error) => {
    expect(isTimeout(error())).toBe(true);
  });

  it('RxJS', async () => {
    const error: unknown = await firstValueFrom(NEVER.pipe(timeout(1))).catch((reason: unknown) => reason);
    expect(isTimeout(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['another exception', new BadGatewayException()],
    ['one that only talks of it', new Error('TimeoutError')],
    ['an abort', new DOMException('aborted', 'AbortError')],
    ['a string', 'TimeoutError'],
    ['nothing', undefined],
    ['an object without a prototype', Object.create(null)],
    [
      'an object that cannot be read',
      Object.defineProperty({}, 'name', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    ['a name that is no text', { name: Symbol('TimeoutError') }],
  ])('and not: %s', (_, error) => {
    expect(isTimeout(error)).toBe(false);
  });
});
