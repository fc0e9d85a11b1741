import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway, type LogLine } from './support/gateway.js';
import { Redis, redisServer } from './support/redis.js';
import { getTrace } from './support/requests.js';
import { stageOf, treeOf } from './support/summary.js';

if (redisServer === undefined) {
  process.stderr.write(
    'Skipped: there is no redis-server on the PATH to test the second level of the cache with\n',
  );
}

const isAway = ({ msg }: LogLine): boolean => msg?.startsWith('Redis cannot be used') === true;
const isBack = ({ msg }: LogLine): boolean => msg === 'Redis can be used again';

(redisServer === undefined ? describe.skip : describe)('with REDIS_URL', () => {
  let corpus: Corpus;

  beforeAll(async () => {
    corpus = await smallCorpus();
  });
  afterAll(async () => {
    await corpus[Symbol.asyncDispose]();
  });

  const startGateway = (redis: Redis, environment: Record<string, string> = {}): Promise<Gateway> =>
    Gateway.start({ CORPUS_DIR: corpus.folder, REDIS_URL: redis.url, ...environment });

  it('an answer of one process is a hit of the second level in another', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using first = await startGateway(redis);
    await using second = await startGateway(redis);
    const fresh = await EventStream.answer(first.url, QUESTION);
    expect(fresh.end?.data.cached).toBe(false);
    const shared = await EventStream.answer(second.url, QUESTION);
    expect(shared.end?.data.cached).toBe('l2');
    expect(shared.text).toBe(fresh.text);
    expect(shared.events[0]?.data.sources).toEqual(fresh.events[0]?.data.sources);

    await second.requestLine(shared.traceId);
    const trace = await getTrace(second.url, shared.traceId);
    const lookups = stageOf(trace, '2.0_CACHE_LOOKUP').substages;
    expect(treeOf(lookups)).toEqual(['2.1_L1_CACHE_LOOKUP', '2.2_L2_CACHE_LOOKUP']);
    expect(stageOf(trace, '2.2_L2_CACHE_LOOKUP')).toMatchObject({
      kind: 'cache',
      attributes: { cache: 'l2', hit: true },
    });
    const near = await EventStream.answer(second.url, QUESTION);
    expect(near.end?.data.cached).toBe('l1');
  });

  it('the connection is made under a stage of its own, outside of any request', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using gateway = await startGateway(redis);
    const trace = await getTrace(gateway.url, 'redis');
    expect(trace.outcome).toBe('ok');
    expect(treeOf(trace.stages)).toEqual(['REDIS.2_CONNECTION_ESTABLISHMENT']);
  });

  it('an answer from another corpus is not a hit', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using gateway = await startGateway(redis);
    await EventStream.answer(gateway.url, QUESTION);
    await using other = await startGateway(redis, { CORPUS_DIR: `${import.meta.dirname}/../../..` });
    expect((await EventStream.answer(other.url, QUESTION)).end?.data.cached).toBe(false);
  });

  it('a Redis that goes away costs its level and nothing else, is told about once, and is used again', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using gateway = await startGateway(redis);
    await EventStream.answer(gateway.url, QUESTION);
    await redis.kill();

    for (const question of ['dimmer', 'lamp', 'operator']) {
      const answer = await EventStream.answer(gateway.url, question);
      expect(answer.end).toMatchObject({ type: 'done', data: { cached: false } });
      await gateway.requestLine(answer.traceId);
      const trace = await getTrace(gateway.url, answer.traceId);
      expect(trace.outcome).toBe('ok');
      expect(stageOf(trace, '2.2_L2_CACHE_LOOKUP').outcome).toBe('error');
      expect(stageOf(trace, '6.0_CACHE_STORE').attributes).toEqual({ l2Stored: false });
    }
    expect(gateway.lines.filter(isAway)).toHaveLength(1);

    await redis.start();
    await gateway.line(isBack);
    await EventStream.answer(gateway.url, 'brightness of a lamp');
    await using other = await startGateway(redis);
    expect((await EventStream.answer(other.url, 'brightness of a lamp')).end?.data.cached).toBe('l2');
    expect(gateway.lines.filter(isAway)).toHaveLength(1);
    expect(gateway.lines.filter(isBack)).toHaveLength(1);
  });

  it('a Redis that is down at the start is used when it comes', async () => {
    await using redis = await Redis.prepare();
    await using gateway = await startGateway(redis);
    expect((await getTrace(gateway.url, 'redis')).outcome).toBe('error');
    expect((await EventStream.answer(gateway.url, QUESTION)).end?.type).toBe('done');
    expect(gateway.lines.filter(isAway)).toHaveLength(1);
    await redis.start();
    await gateway.line(isBack);
    const answer = await EventStream.answer(gateway.url, 'dimmer');
    await gateway.requestLine(answer.traceId);
    const trace = await getTrace(gateway.url, answer.traceId);
    expect(stageOf(trace, '6.0_CACHE_STORE').attributes).toEqual({ l2Stored: true });
  });

  it('a Redis that hangs costs its time-out; the client gets heartbeats meanwhile, which are no events', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using gateway = await startGateway(redis, { REDIS_TIMEOUT_MS: '400', HEARTBEAT_MS: '50' });
    redis.signal('SIGSTOP');
    const answer = await EventStream.answer(gateway.url, QUESTION);
    redis.signal('SIGCONT');
    expect(answer.end?.type).toBe('done');
    expect(answer.comments.length).toBeGreaterThan(2);
    expect(new Set(answer.comments)).toEqual(new Set(['heartbeat']));
    await gateway.requestLine(answer.traceId);
    const trace = await getTrace(gateway.url, answer.traceId);
    expect(stageOf(trace, 'HTTP.2_STREAM').attributes['events']).toBe(answer.events.length);
    expect(gateway.lines.filter(isAway)).toHaveLength(1);
  });

  it('a client that leaves while Redis hangs takes its look-up along, which is no outage', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using gateway = await startGateway(redis, { REDIS_TIMEOUT_MS: '60000', HEARTBEAT_MS: '50' });
    redis.signal('SIGSTOP');
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ comments }) => comments.length > 0);
    stream.leave();
    await gateway.requestLine(stream.traceId);
    redis.signal('SIGCONT');

    const trace = await getTrace(gateway.url, stream.traceId);
    const { ending, attributes } = stageOf(trace, 'HTTP.2_STREAM');
    expect(ending).toBe('client_disconnect');
    expect(attributes).toHaveProperty('abortLagMs');
    expect(attributes).not.toHaveProperty('unstoppedStages');
    for (const stageId of ['2.0_CACHE_LOOKUP', '2.2_L2_CACHE_LOOKUP'])
      expect(stageOf(trace, stageId).outcome).toBe('cancelled');
    expect(gateway.lines.filter(isAway)).toEqual([]);
    expect((await EventStream.answer(gateway.url, QUESTION)).end?.data.cached).toBe(false);
  });

  it('a gateway stops at once, whether Redis is there or not', async () => {
    await using redis = await (await Redis.prepare()).start();
    const gateway = await startGateway(redis);
    await EventStream.answer(gateway.url, QUESTION);
    await redis.kill();
    const signalledAt = performance.now();
    const { code, stderr } = await gateway.stop();
    expect(performance.now() - signalledAt).toBeLessThan(2_000);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
