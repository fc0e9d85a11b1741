import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getJson, getTrace } from './support/requests.js';
import { type StageNode, type Summary, stageOf } from './support/summary.js';

const ANSWERING = ['5.0_LLM_STREAMING', '5.1_PROVIDER_ATTEMPT'];
const WORK = ['3.0_RETRIEVAL', '4.0_PROMPT_BUILD', ...ANSWERING, '6.0_CACHE_STORE'];

const stageIdsOf = (stages: readonly StageNode[]): string[] =>
  stages.flatMap(({ stageId, substages }) => [stageId, ...stageIdsOf(substages)]);

describe('two clients that ask the same at the same time', () => {
  let corpus: Corpus;
  let gateway: Gateway;

  beforeAll(async () => {
    corpus = await longCorpus(1_500);
    gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      FLIGHT_EVENTS: '1000000',
      REPLAY_EVENTS: '1000000',
      ...LONG_ANSWERS,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  /** Begins to be answered, so that whoever asks next comes in the middle. */
  const begun = async (question: string): Promise<EventStream> => {
    const stream = await EventStream.search(gateway.url, question);
    await stream.until(({ events }) => events.length > 2);
    return stream;
  };

  const traceOf = async ({ traceId }: EventStream): Promise<Summary> => {
    await gateway.requestLine(traceId);
    return getTrace(gateway.url, traceId);
  };

  const metric = async (line: string): Promise<number> => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((found) => found.startsWith(`${line} `))
        ?.slice(line.length) ?? 0,
    );
  };

  it('are answered once, each in full, under ids of its own', async () => {
    const calls = 'provider_requests_total{provider="embedded",model="extractive"}';
    const before = await metric(calls);
    const first = await begun(QUESTION);
    const second = await EventStream.search(gateway.url, 'what  is a FOLLOWSPOT?');
    await Promise.all([first.closed, second.closed]);
    expect(first.end).toMatchObject({ type: 'done', data: { cached: false } });
    expect(second.end).toMatchObject({ type: 'done', data: { cached: 'flight' } });
    expect(second.text).toBe(first.text);
    for (const { traceId, events } of [first, second]) {
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => `${traceId}:${index + 1}`));
      expect(new Set(events.map(({ data }) => data.traceId))).toEqual(new Set([traceId]));
    }
    await Promise.all([traceOf(first), traceOf(second)]);
    expect((await metric(calls)) - before).toBe(1);
  });

  it('have traces that know nothing of each other but the id', async () => {
    const first = await begun('followspot on the singer');
    const second = await EventStream.answer(gateway.url, 'followspot on the singer');
    await first.closed;
    const [leading, joined] = await Promise.all([traceOf(first), traceOf(second)]);
    const ofBoth = ['HTTP.1_REQUEST', 'HTTP.2_STREAM', '1.0_REQUEST_VALIDATION', '2.0_CACHE_LOOKUP'];
    const lookups = ['2.1_L1_CACHE_LOOKUP', '2.3_FLIGHT_LOOKUP'];
    expect(stageIdsOf(leading.stages).sort()).toEqual([...ofBoth, ...lookups, ...WORK].sort());
    expect(stageIdsOf(joined.stages).sort()).toEqual([...ofBoth, ...lookups, '2.4_SHARED_ANSWER'].sort());
    expect(stageOf(leading, '2.3_FLIGHT_LOOKUP').attributes).toEqual({ cache: 'flight', hit: false });
    const shared = { sharedTraceId: first.traceId };
    expect(stageOf(joined, '2.3_FLIGHT_LOOKUP').attributes).toEqual({ cache: 'flight', ...shared });
    expect(stageOf(joined, '2.4_SHARED_ANSWER')).toMatchObject({
      kind: 'cache',
      outcome: 'ok',
      attributes: { cache: 'flight', hit: true, ...shared },
    });
    expect(stageOf(joined, 'HTTP.2_STREAM').attributes['events']).toBe(second.events.length);
    for (const [stream, trace] of [
      [first, leading],
      [second, joined],
    ] as const) {
      const told = gateway
        .linesOf(stream.traceId)
        .flatMap(({ stage }) => (stage === undefined ? [] : [stage]));
      expect(told.sort()).toEqual(stageIdsOf(trace.stages).sort());
    }
  });

  it('say that the second one has cost nothing', async () => {
    const question = 'scene that asks for the singer';
    const first = await begun(question);
    const second = await EventStream.answer(gateway.url, question);
    await first.closed;
    const { attributes } = stageOf(await traceOf(second), '2.4_SHARED_ANSWER');
    // The demo's answers are free. That is known, and so it is said.
    expect(attributes).toMatchObject({ hit: true, timeSavedMs: expect.any(Number), costSaved: 0 });
    expect(await metric('cache_hits_total{cache="flight"}')).toBeGreaterThan(0);
  });

  it('do not lose the answer when the one it is worked out for leaves: one of the others takes over', async () => {
    const question = 'Does the followspot stay on the singer?';
    const hits = 'cache_hits_total{cache="flight"}';
    const before = await metric(hits);
    const first = await begun(question);
    const others = await Promise.all([begun(question), begun(question)]);
    first.leave();
    await Promise.all(others.map(({ closed }) => closed));

    const left = await traceOf(first);
    expect(left.outcome).toBe('cancelled');
    expect(stageOf(left, 'HTTP.2_STREAM').ending).toBe('client_disconnect');
    expect(stageOf(left, '5.0_LLM_STREAMING').outcome).toBe('cancelled');

    const whole = await EventStream.answer(gateway.url, question);
    expect(whole.end?.data.cached).toBe('l1');
    for (const { events, text, traceId, end } of others) {
      expect(end?.type).toBe('done');
      expect(text).toBe(whole.text);
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => `${traceId}:${index + 1}`));
    }
    const traces = await Promise.all(others.map(traceOf));
    for (const trace of traces) {
      expect(trace.outcome).toBe('ok');
      expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe('completed');
      // The first of them, which ended with its leader.
      expect(stageOf(trace, '2.4_SHARED_ANSWER')).toMatchObject({
        outcome: 'cancelled',
        attributes: { sharedTraceId: first.traceId },
      });
    }
    const ids = traces.map(({ stages }) => stageIdsOf(stages));
    expect(ids.filter((all) => all.includes('5.0_LLM_STREAMING'))).toHaveLength(1);
    expect(ids.filter((all) => all.filter((id) => id === '2.4_SHARED_ANSWER').length === 2)).toHaveLength(1);
    // Who took over has saved nothing; the other one has, in the end.
    expect((await metric(hits)) - before).toBe(1);
  });

  it('leave nothing behind when all of them leave', async () => {
    const question = 'What does every scene ask?';
    const streams = [await begun(question), await begun(question), await begun(question)];
    for (const stream of streams) stream.leave();
    for (const stream of streams) {
      const trace = await traceOf(stream);
      expect(trace.outcome).toBe('cancelled');
      expect(stageOf(trace, 'HTTP.2_STREAM').attributes).not.toHaveProperty('unstoppedStages');
    }
    const next = await EventStream.answer(gateway.url, question);
    expect(next.end?.data.cached).toBe(false);
    expect((await getJson(`${gateway.url}/metrics/summary`)).body).toMatchObject({
      streams: { open: 0 },
      internalErrors: 0,
    });
  });
});

describe('clients that share an answer while nothing is tracked', () => {
  it('keep their ids apart, also when one takes over from another', async () => {
    await using corpus = await longCorpus(1_500);
    await using gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      FLIGHT_EVENTS: '1000000',
      EXECUTION_TRACKING_ENABLED: 'false',
      ...LONG_ANSWERS,
    });
    const streams: EventStream[] = [];
    for (let count = 0; count < 3; count += 1) {
      const stream = await EventStream.search(gateway.url, QUESTION);
      await stream.until(({ events }) => events.length > 2);
      streams.push(stream);
    }
    streams[0]?.leave();
    const others = streams.slice(1);
    await Promise.all(others.map(({ closed }) => closed));
    expect(others.map(({ end }) => end?.data.cached).sort()).toEqual([false, 'flight']);
    for (const { traceId, events } of others) {
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => `${traceId}:${index + 1}`));
      expect(new Set(events.map(({ data }) => data.traceId))).toEqual(new Set([traceId]));
    }
  });
});

describe('clients that share an answer when the gateway stops', () => {
  it('are all told, and none of them begins to work', async () => {
    await using corpus = await longCorpus();
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS });
    const streams: EventStream[] = [];
    for (let count = 0; count < 3; count += 1) {
      const stream = await EventStream.search(gateway.url, QUESTION);
      await stream.until(({ events }) => events.length > 0);
      streams.push(stream);
    }
    const { code, stderr } = await gateway.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { end } of streams) expect(end?.type).toBe('shutdown');
    const begun = gateway.lines.filter(({ stage }) => stage === '5.0_LLM_STREAMING');
    expect(begun).toHaveLength(1);
  });
});

describe('an answer that is longer than FLIGHT_EVENTS', () => {
  it('is worked out again for who comes late, which is warned of once', async () => {
    await using corpus = await longCorpus(1_500);
    await using gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      FLIGHT_EVENTS: '2',
      ...LONG_ANSWERS,
    });
    const first = await EventStream.search(gateway.url, QUESTION);
    await first.until(({ events }) => events.length > 2);
    const second = await EventStream.answer(gateway.url, QUESTION);
    await first.closed;
    expect([first.end?.data.cached, second.end?.data.cached]).toEqual([false, false]);
    expect(second.text).toBe(first.text);
    const warnings = gateway.lines.filter(({ context }) => context === 'Flights').map(({ msg }) => msg);
    expect(warnings).toEqual([expect.stringContaining('FLIGHT_EVENTS=2')]);
  });
});
