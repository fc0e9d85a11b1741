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
    const lines = gateway
      .linesOf(traceId)
      .filter(({ kind, msg }) => kind === 'request' && msg === 'Stage completed');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      stage: 'HTTP.1_REQUEST',
      stageName: 'GET /search',
      threadId: traceId,
      outcome: 'ok',
      attributes: { statusCode: 200 },
    });
    expect(typeof lines[0]?.['durationMs']).toBe('number');
    const others = gateway.linesOf(traceId).filter((line) => !('stage' in line));
    expect(others.map(({ context }) => context)).toEqual(['Answerer']);
    for (const line of gateway.lines) {
      for (const key of ['req', 'res', 'responseTime']) expect(line).not.toHaveProperty(key);
    }
  });

  it('tell of every stage that it started, at debug, and that it was completed, at info', async () => {
    const { traceId } = await EventStream.answer(gateway.url, 'lamp');
    await gateway.requestLine(traceId);
    const stages = (msg: string, level: number): unknown[] =>
      gateway
        .linesOf(traceId)
        .filter((line) => line.msg === msg && line['level'] === level)
        .map((line) => line['stage'])
        .toSorted();
    expect(stages('Stage completed', 30)).toHaveLength(9);
    expect(stages('Stage started', 20)).toEqual(stages('Stage completed', 30));
  });

  it('carry the id also after the client has gone', async () => {
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ events }) => events.length > 1);
    stream.leave();
    await gateway.requestLine(stream.traceId);
    const lines = gateway.linesOf(stream.traceId);
    expect(lines.find(({ context }) => context === 'Answerer')?.msg).toMatch(/^Streamed \d+ words$/);
    expect(
      lines.find(({ stage, msg }) => stage === 'HTTP.2_STREAM' && msg === 'Stage completed'),
    ).toMatchObject({
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
