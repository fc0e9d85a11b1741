import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { stalledRequest } from './support/requests.js';

describe('log lines', () => {
  let corpus: Corpus;
  let gateway: Gateway;
  /** Lines up to this one tell of the start. */
  let startLines: number;

  beforeAll(async () => {
    corpus = await longCorpus();
    gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, LOG_LEVEL: 'debug', ...LONG_ANSWERS });
    startLines = gateway.lines.length;
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  it('are one per request that is not about a stage inside it', async () => {
    const { traceId } = await EventStream.answer(gateway.url, 'dimmer');
    await gateway.requestLine(traceId);
    await fetch(`${gateway.url}/nowhere`);
    const lines = gateway.linesOf(traceId).filter(({ event }) => event === 'request');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      msg: 'GET /search 200',
      stage: 'HTTP.1_REQUEST',
      method: 'GET',
      route: '/search',
      statusCode: 200,
      latencyMs: expect.any(Number),
      outcome: 'ok',
    });
    const others = gateway.linesOf(traceId).filter((line) => !('stage' in line));
    expect(others.map(({ context }) => context)).toEqual(['Answerer']);
    for (const line of gateway.lines) {
      for (const key of ['req', 'res', 'responseTime']) expect(line).not.toHaveProperty(key);
    }
  });

  it('tell of every stage that it started, at debug, and once how it ended, at info', async () => {
    const { traceId } = await EventStream.answer(gateway.url, 'lamp');
    await gateway.requestLine(traceId);
    const stages = (level: number): unknown[] =>
      gateway
        .linesOf(traceId)
        .filter((line) => line['level'] === level && 'stage' in line)
        .map((line) => line['stage'])
        .toSorted();
    expect(stages(30)).toHaveLength(11);
    expect(stages(20)).toEqual(stages(30));
    const events = gateway.linesOf(traceId).map(({ event, msg }) => [event, msg]);
    expect(events).toEqual(
      expect.arrayContaining([
        ['stream_event', 'Stream opened'],
        ['cache', 'Cache l1 miss'],
        ['provider', 'Provider embedded ok'],
        ['sse', 'Stream completed'],
        ['request', 'GET /search 200'],
      ]),
    );
  });

  it('do not tell what was asked, nor any secret that came with it', async () => {
    const question = 'spotlight hunter2question';
    const url = `${gateway.url}/search?q=${encodeURIComponent(question)}&api_key=hunter2key`;
    const response = await fetch(url, {
      headers: { authorization: 'Bearer hunter2token', cookie: 'sid=hunter2' },
    });
    await response.text();
    await gateway.requestLine(response.headers.get('x-trace-id') ?? '');
    const refused = await fetch(`${gateway.url}/search?q=&token=hunter2token`);
    await gateway.requestLine(refused.headers.get('x-trace-id') ?? '');
    expect(JSON.stringify(gateway.lines)).not.toContain('hunter2');
  });

  it('carry the id also after the client has gone', async () => {
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ events }) => events.length > 1);
    stream.leave();
    await gateway.requestLine(stream.traceId);
    const lines = gateway.linesOf(stream.traceId);
    expect(lines.find(({ context }) => context === 'Answerer')?.msg).toBe('Answered by embedded extractive');
    expect(lines.find(({ event }) => event === 'sse')).toMatchObject({
      outcome: 'cancelled',
      ending: 'client_disconnect',
    });
  });

  it('carry the id where Nest itself writes them, about a client that stopped reading', async () => {
    const stalled = stalledRequest(gateway.url, `/search?q=${encodeURIComponent(`${QUESTION} stalled`)}`);
    const warning = await gateway.line(
      ({ msg }) => msg?.startsWith('The client is not reading its events') === true,
    );
    expect(warning.traceId).toMatch(/^[0-9a-f]{32}$/);
    await gateway.requestLine(warning.traceId ?? '');
    stalled.destroy();
  });

  it('carry an id, all of them', async () => {
    const { traceId } = await EventStream.answer(gateway.url, '');
    await gateway.requestLine(traceId);
    expect(gateway.lines.slice(startLines).filter((line) => line.traceId === undefined)).toEqual([]);
  });
});
