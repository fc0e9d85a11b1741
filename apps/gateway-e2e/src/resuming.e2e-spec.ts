import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getTrace, rawRequest } from './support/requests.js';
import { type Summary, stageOf } from './support/summary.js';

const after = (lastEventId: string | undefined): Record<string, string> => ({
  'Last-Event-ID': String(lastEventId),
});

/** Asks, leaves in the middle of the answer, and resolves when the gateway has stopped to work for it. */
async function brokenOff(gateway: Gateway, question: string): Promise<EventStream> {
  const stream = await EventStream.search(gateway.url, question);
  await stream.until(({ events }) => events.length > 100);
  stream.leave();
  await gateway.requestLine(stream.traceId);
  return stream;
}

async function traceOf(gateway: Gateway, stream: EventStream): Promise<Summary> {
  await gateway.requestLine(stream.traceId);
  return getTrace(gateway.url, stream.traceId);
}

describe('a stream that has broken off', () => {
  let corpus: Corpus;
  let gateway: Gateway;
  /** The whole answer. */
  let whole: EventStream;

  beforeAll(async () => {
    corpus = await longCorpus(1_500);
    gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      REPLAY_EVENTS: '1000000',
      RETRY_MS: '700',
      ...LONG_ANSWERS,
    });
    whole = await EventStream.answer(gateway.url, QUESTION);
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  it('has an id on every event, and the time to come back on the first', () => {
    expect(whole.events.map(({ id }) => id)).toEqual(
      whole.events.map((_, index) => `${whole.traceId}:${index + 1}`),
    );
    expect(whole.retries).toEqual([700]);
  });

  it('goes on after the last event that the client has, without a word twice or lost', async () => {
    const question = 'Which followspot stays on the singer?';
    const first = await brokenOff(gateway, question);
    const received = first.events.slice(0, 50);
    const second = await EventStream.answer(gateway.url, question, after(received.at(-1)?.id));
    const all = [...received, ...second.events];
    expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => `${first.traceId}:${index + 1}`));
    const fresh = await EventStream.answer(gateway.url, question);
    expect(all.map(({ data }) => data.text ?? '').join('')).toBe(fresh.text);
    expect(second.end?.type).toBe('done');

    const trace = await traceOf(gateway, second);
    expect(trace.stages[0]?.attributes).toMatchObject({ continuesTraceId: first.traceId });
    expect(stageOf(trace, 'HTTP.2_STREAM').attributes).toMatchObject({
      continuesTraceId: first.traceId,
      lastEventId: received.at(-1)?.id,
      duplicateEvents: 0,
      lostEvents: 0,
      events: second.events.length,
    });
    const { attributes } = stageOf(trace, '1.1_RESUME');
    expect(attributes).toMatchObject({ resumed: true, isComplete: false });
    // What had been produced was at hand, and the rest was worked out once more.
    expect(attributes['missedEvents']).toBeGreaterThanOrEqual(first.events.length - received.length);
    expect(stageOf(trace, '5.0_LLM_STREAMING').outcome).toBe('ok');
  });

  it('is not worked on while nobody is there', async () => {
    const stream = await brokenOff(gateway, 'What does the evening ask of the followspot?');
    const trace = await getTrace(gateway.url, stream.traceId);
    expect(stageOf(trace, '5.0_LLM_STREAMING').outcome).toBe('cancelled');
    expect(stageOf(trace, 'HTTP.2_STREAM').ending).toBe('client_disconnect');
  });

  it('may break off again and again', async () => {
    const question = 'Does every scene have a followspot?';
    const first = await brokenOff(gateway, question);
    const received = first.events.slice(0, 20);
    for (const length of [1, 30, 2]) {
      const next = await EventStream.search(gateway.url, question, after(received.at(-1)?.id));
      await next.until(({ events }) => events.length >= length);
      received.push(...next.events.slice(0, length));
      next.leave();
      await gateway.requestLine(next.traceId);
    }
    const last = await EventStream.answer(gateway.url, question, after(received.at(-1)?.id));
    const ids = [...received, ...last.events].map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => `${first.traceId}:${index + 1}`));
  });

  it('that was told to its end is replayed up to there, and not worked on again', async () => {
    const stream = await EventStream.answer(gateway.url, QUESTION, after(whole.events.at(-3)?.id));
    expect(stream.events.map(({ id }) => id)).toEqual(whole.events.slice(-2).map(({ id }) => id));
    const trace = await traceOf(gateway, stream);
    expect(() => stageOf(trace, '2.0_CACHE_LOOKUP')).toThrow('no stage');
    expect(stageOf(trace, '1.1_RESUME').attributes).toEqual({
      resumed: true,
      missedEvents: 2,
      isComplete: true,
    });
  });

  it('answers 204 to a client that has everything, and only that keeps an EventSource from coming back', async () => {
    const { response, events } = await EventStream.answer(gateway.url, QUESTION, after(whole.end?.id));
    expect(response.statusCode).toBe(204);
    expect(events).toEqual([]);
  });

  it.each([
    ['is garbage', 'garbage', 'malformed', { lastEventId: 'garbage' }],
    ['is a number', '17', 'malformed', { lastEventId: '17' }],
    ['is endless', 'x'.repeat(5_000), 'malformed', { lastEventIdRejected: true }],
    ['is of nobody', 'nobody:5', 'unknown', { continuesTraceId: 'nobody' }],
  ])('starts afresh and says why when the id %s', async (_, lastEventId, reason, attributes) => {
    const stream = await EventStream.answer(gateway.url, QUESTION, after(lastEventId));
    expect(stream.events[0]).toMatchObject({ type: 'restart', data: { reason, traceId: stream.traceId } });
    expect(stream.valid.map(({ type }) => type)).toEqual(whole.events.map(({ type }) => type));
    expect(stream.text).toBe(whole.text);
    expect(stream.events.map(({ id }) => id)).toEqual(
      stream.events.map((_, index) => `${stream.traceId}:${index + 1}`),
    );
    const trace = await traceOf(gateway, stream);
    expect(stageOf(trace, 'HTTP.2_STREAM').attributes).toMatchObject({ ...attributes, restart: reason });
    expect(stageOf(trace, '1.1_RESUME').attributes).toEqual({ resumed: false, reason });
  });

  it('starts afresh when the header is there twice', async () => {
    const response = await rawRequest(gateway.url, [
      'GET /search?q=dimmer HTTP/1.1',
      `Last-Event-ID: ${String(whole.end?.id)}`,
      `Last-Event-ID: ${String(whole.end?.id)}`,
    ]);
    expect(response).toContain('"reason":"malformed"');
    expect(response).not.toContain(whole.traceId);
  });

  it('is not given to whoever asks something else', async () => {
    const stream = await EventStream.answer(gateway.url, 'dimmer', after(whole.events[3]?.id));
    expect(stream.events[0]).toMatchObject({ type: 'restart', data: { reason: 'other_question' } });
    expect(stream.text).not.toContain('singer');
  });
});

describe('a gateway that remembers little', () => {
  it('starts afresh where events or streams had to make room, and warns once', async () => {
    await using corpus = await longCorpus(20);
    await using gateway = await Gateway.start({
      CORPUS_DIR: corpus.folder,
      REPLAY_EVENTS: '10',
      REPLAY_STREAMS: '1',
    });
    const first = await EventStream.answer(gateway.url, QUESTION);
    const tooLate = await EventStream.answer(gateway.url, QUESTION, after(first.events[0]?.id));
    expect(tooLate.events[0]?.data.reason).toBe('dropped');
    const gone = await EventStream.answer(gateway.url, QUESTION, after(first.events.at(-3)?.id));
    expect(gone.events[0]?.data.reason).toBe('unknown');
    const latest = await EventStream.answer(gateway.url, QUESTION, after(gone.events.at(-3)?.id));
    expect(latest.events).toHaveLength(2);
    const warnings = gateway.lines.filter(({ context }) => context === 'Replay').map(({ msg }) => msg);
    expect(warnings).toEqual([
      expect.stringContaining('REPLAY_EVENTS=10'),
      expect.stringContaining('REPLAY_STREAMS=1'),
    ]);
  });

  it('forgets a stream when its time is over', async () => {
    await using corpus = await longCorpus(20);
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, REPLAY_TTL_MS: '1' });
    const first = await EventStream.answer(gateway.url, QUESTION);
    // The request line comes after the stream has ended, and what asks next is later still.
    await gateway.requestLine(first.traceId);
    await EventStream.answer(gateway.url, 'dimmer');
    const late = await EventStream.answer(gateway.url, QUESTION, after(first.events[0]?.id));
    expect(late.events[0]?.data.reason).toBe('unknown');
  });
});
