import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ExecutionTracker } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import type { CorpusService } from '../corpus/corpus.service.js';
import { AnswerCache } from './answer-cache.service.js';
import type { CachedAnswer } from './cached-answer.js';
import { L1Cache } from './l1-cache.service.js';
import { L2Cache } from './l2-cache.service.js';
import type { RedisService } from './redis.service.js';

const ANSWER: CachedAnswer = { sources: [], text: 'Text.' };
let client: AbortController;
const setAttribute = jest.fn();
const tracker = {
  setAttribute,
  get signal() {
    return client.signal;
  },
} as unknown as ExecutionTracker;

/** What Redis does for the cache, in memory; `isAway` makes it fail. */
class FakeRedis {
  readonly values = new Map<string, string>();
  isAway = false;
  isConfigured = true;

  get(key: string): Promise<string | undefined> {
    return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(this.values.get(key));
  }

  set(key: string, value: string): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.values.set(key, value);
    return Promise.resolve();
  }
}

function cache(
  redis: FakeRedis,
  fingerprint = 'corpus',
  environment: Record<string, string> = {},
): AnswerCache {
  const config = new GatewayConfig(environment);
  const l2 = new L2Cache(redis as unknown as RedisService, config);
  const corpus = { fingerprint } as CorpusService;
  return new AnswerCache(new L1Cache(config, tracker), l2, corpus, config, tracker);
}

describe('AnswerCache', () => {
  beforeEach(() => {
    client = new AbortController();
    setAttribute.mockClear();
  });

  it('finds in memory what it has stored, whatever the case and the blanks of the question', async () => {
    const answers = cache(new FakeRedis());
    await answers.store('What is it?', ANSWER);
    expect(await answers.lookup('what  IS it?')).toEqual({ answer: ANSWER, level: 'l1' });
    expect(await answers.lookup('what is that?')).toBeUndefined();
  });

  it('finds in Redis what another process has stored, and then in memory', async () => {
    const redis = new FakeRedis();
    await cache(redis).store('q', ANSWER);
    const other = cache(redis);
    expect((await other.lookup('q'))?.level).toBe('l2');
    expect((await other.lookup('q'))?.level).toBe('l1');
  });

  it('does not find an answer of another corpus or of another length', async () => {
    const redis = new FakeRedis();
    await cache(redis).store('q', ANSWER);
    expect(await cache(redis, 'other corpus').lookup('q')).toBeUndefined();
    expect(await cache(redis, 'corpus', { ANSWER_MAX_WORDS: '7' }).lookup('q')).toBeUndefined();
  });

  it('does not find an answer of another model, or of the same one elsewhere', async () => {
    const redis = new FakeRedis();
    const model = { OPENAI_BASE_URL: 'http://a/v1', OPENAI_MODEL: 'llama' };
    await cache(redis, 'corpus', model).store('q', ANSWER);
    expect(await cache(redis, 'corpus', model).lookup('q')).toBeDefined();
    for (const other of [
      {},
      { ...model, OPENAI_MODEL: 'qwen' },
      { ...model, OPENAI_BASE_URL: 'http://b/v1' },
    ]) {
      expect(await cache(redis, 'corpus', other).lookup('q')).toBeUndefined();
    }
    const second = { ...model, OPENAI_FALLBACK_MODEL: 'qwen', OPENAI_API_KEY: 'k' };
    expect(await cache(redis, 'corpus', second).lookup('q')).toBeDefined();
  });

  it('goes on in memory when Redis is away', async () => {
    const redis = new FakeRedis();
    redis.isAway = true;
    const answers = cache(redis);
    expect(await answers.lookup('q')).toBeUndefined();
    await answers.store('q', ANSWER);
    expect((await answers.lookup('q'))?.level).toBe('l1');
  });

  it('finds in memory what somebody else has stored while Redis kept it waiting', async () => {
    const redis = new FakeRedis();
    redis.isAway = true;
    const answers = cache(redis);
    const lookup = answers.lookup('q');
    await answers.store('q', ANSWER);
    expect(await lookup).toEqual({ answer: ANSWER, level: 'l1' });
  });

  it('says what had to make room in memory, and what found none', async () => {
    const answers = cache(new FakeRedis(), 'corpus', { L1_MAX_ANSWERS: '1', L1_MAX_BYTES: '100' });
    await answers.store('a', ANSWER);
    expect(setAttribute.mock.calls).toEqual([['l2Stored', true]]);
    await answers.store('b', ANSWER);
    await answers.store('c', { sources: [], text: 'x'.repeat(200) });
    expect(setAttribute.mock.calls.slice(1)).toEqual([
      ['l1Evicted', 1],
      ['l2Stored', true],
      ['l1Stored', false],
      ['l2Stored', true],
    ]);
  });

  it('takes it for no miss that the client has left', async () => {
    const redis = new FakeRedis();
    redis.isAway = true;
    const lookup = cache(redis).lookup('q');
    client.abort();
    await expect(lookup).rejects.toBe(client.signal.reason);
  });

  it('takes for a miss what is not an answer', async () => {
    const redis = new FakeRedis();
    await cache(redis).store('q', ANSWER);
    for (const key of redis.values.keys()) redis.values.set(key, '{"text":1}');
    expect(await cache(redis).lookup('q')).toBeUndefined();
  });

  it('does not ask a Redis that is not configured', async () => {
    const redis = new FakeRedis();
    redis.isConfigured = false;
    const answers = cache(redis);
    await answers.store('q', ANSWER);
    expect((await answers.lookup('q'))?.level).toBe('l1');
    expect(redis.values.size).toBe(0);
  });
});
