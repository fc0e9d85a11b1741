import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway, type LogLine } from './support/gateway.js';
import { Proxy } from './support/proxy.js';
import { Redis, redisServer } from './support/redis.js';
import { getTrace } from './support/requests.js';
import { type StageNode, stageOf, treeOf } from './support/summary.js';

const isInCi = process.env['CI'] !== undefined;
if (redisServer === undefined && !isInCi) {
  process.stderr.write(
    'Skipped: there is no redis-server on the PATH to test the second level of the cache with\n',
  );
}

const isAway = ({ msg }: LogLine): boolean => msg?.startsWith('Redis cannot be used') === true;
const isBack = ({ msg }: LogLine): boolean => msg === 'Redis can be used again';
const isFull = ({ msg }: LogLine): boolean => msg?.startsWith('Redis stores no answers: OOM') === true;

// In CI nothing is skipped: without Redis the tests fail.
(redisServer === undefined && !isInCi ? describe.skip : describe)('with REDIS_URL', () => {
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

  it('a Redis that is restarted in the middle of an answer is there again when the answer is stored', async () => {
    await using scenes = await longCorpus();
    await using redis = await (await Redis.prepare()).start();
    const environment = { CORPUS_DIR: scenes.folder, ...LONG_ANSWERS };
    await using gateway = await startGateway(redis, environment);
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ events }) => events.length > 2);
    await redis.kill();
    await gateway.line(isAway);
    await redis.start();
    await gateway.line(isBack);
    expect(stream.end?.type).toBe('token');
    await stream.closed;
    expect(stream.end?.data.cached).toBe(false);
    await gateway.requestLine(stream.traceId);
    const trace = await getTrace(gateway.url, stream.traceId);
    expect(stageOf(trace, '6.0_CACHE_STORE').attributes).toMatchObject({ l2Stored: true });
    expect(gateway.lines.filter((line) => isAway(line) || isBack(line))).toHaveLength(2);
  });

  it('a Redis whose memory is full is read and not written to, which is told once, and so is the end of it', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using first = await startGateway(redis);
    await EventStream.answer(first.url, QUESTION);
    await redis.configure('maxmemory-policy', 'noeviction');
    await redis.configure('maxmemory', '1');
    await using gateway = await startGateway(redis);
    expect((await EventStream.answer(gateway.url, QUESTION)).end?.data.cached).toBe('l2');
    for (const question of ['dimmer', 'lamp', 'operator']) {
      const answer = await EventStream.answer(gateway.url, question);
      expect(answer.end?.data.cached).toBe(false);
      await gateway.requestLine(answer.traceId);
      const trace = await getTrace(gateway.url, answer.traceId);
      expect(stageOf(trace, '2.2_L2_CACHE_LOOKUP')).toMatchObject({
        outcome: 'ok',
        attributes: { hit: false },
      });
      expect(stageOf(trace, '6.0_CACHE_STORE')).toMatchObject({
        outcome: 'ok',
        attributes: { l2Stored: false },
      });
    }
    expect((await EventStream.answer(gateway.url, 'dimmer')).end?.data.cached).toBe('l1');
    expect(gateway.lines.filter(isFull)).toHaveLength(1);
    expect(gateway.lines.filter((line) => isAway(line) || isBack(line))).toEqual([]);

    await redis.configure('maxmemory', '0');
    await EventStream.answer(gateway.url, 'brightness of a lamp');
    await gateway.line(({ msg }) => msg === 'Redis stores answers again');
    expect((await EventStream.answer(first.url, 'brightness of a lamp')).end?.data.cached).toBe('l2');
  });

  it('a Redis that is slow costs what it takes, up to the time-out, and what comes later is for nobody', async () => {
    await using redis = await (await Redis.prepare()).start();
    await using line = await Proxy.start(redis.url, true);
    await using first = await startGateway(redis);
    for (const question of ['dimmer', 'lamp']) await EventStream.answer(first.url, question);
    await using gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      REDIS_URL: line.url,
      REDIS_TIMEOUT_MS: '400',
    });
    const lookupOf = async (question: string): Promise<StageNode> => {
      const { traceId, end } = await EventStream.answer(gateway.url, question);
      expect(end?.type).toBe('done');
      await gateway.requestLine(traceId);
      return stageOf(await getTrace(gateway.url, traceId), '2.2_L2_CACHE_LOOKUP');
    };
    line.delayMs = 50;
    const slow = await lookupOf('dimmer');
    expect(slow).toMatchObject({ outcome: 'ok', attributes: { hit: true } });
    expect(slow.durationMs).toBeGreaterThanOrEqual(49);
    line.delayMs = 1_000;
    const tooSlow = await lookupOf('operator');
    expect(tooSlow.outcome).toBe('error');
    expect(tooSlow.durationMs).toBeGreaterThanOrEqual(399);
    expect(gateway.lines.filter(isAway)).toHaveLength(1);
    line.delayMs = 0;
    // The late answers come first, and none of them is taken for another one.
    for (let count = 0; count < 20 && !gateway.lines.some(isBack); count += 1) {
      expect((await lookupOf(`dimmer of scene ${count}`)).attributes['hit']).not.toBe(true);
    }
    expect(await lookupOf('lamp')).toMatchObject({ outcome: 'ok', attributes: { hit: true } });
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
