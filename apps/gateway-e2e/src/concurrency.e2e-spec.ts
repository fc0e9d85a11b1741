import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, LONG_ANSWERS, longCorpus, QUESTION } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getTrace } from './support/requests.js';
import { stageOf } from './support/summary.js';

describe('requests at the same time', () => {
  let corpus: Corpus;
  let gateway: Gateway;

  beforeAll(async () => {
    corpus = await longCorpus(100);
    gateway = await Gateway.start({ CORPUS_DIR: corpus.folder });
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  it('keep their ids apart, 50 of them', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `searcher-${index}`);
    const answers = await Promise.all(
      ids.map((id) => EventStream.answer(gateway.url, `${QUESTION} ${id}`, { 'X-Trace-ID': id })),
    );
    await Promise.all(ids.map((id) => gateway.requestLine(id)));
    for (const [index, { traceId, events, end }] of answers.entries()) {
      const id = ids[index];
      expect(traceId).toBe(id);
      expect(new Set(events.map(({ data }) => data.traceId))).toEqual(new Set([id]));
      expect(end?.data.summary).toMatchObject({ traceId: id, stageCount: 11 });
      expect(gateway.linesOf(id ?? '').filter(({ outcome }) => outcome === 'ok')).toHaveLength(11);
    }
  });

  it('never share state, even when they bring the same id', async () => {
    const headers = { 'X-Trace-ID': 'twins' };
    const questions = ['followspot', 'followspot on the singer'];
    const [short, long] = await Promise.all(
      questions.map((question) => EventStream.answer(gateway.url, question, headers)),
    );
    for (const [index, answer] of [short, long].entries()) {
      const summary = answer?.end?.data.summary;
      expect(summary?.stageCount).toBe(11);
      expect(summary && stageOf(summary, '1.0_REQUEST_VALIDATION').attributes).toEqual({
        characters: questions[index]?.length,
      });
    }
  });
});

describe('a client that leaves in the middle of its answer', () => {
  it('is seen as such, and the work for it stops', async () => {
    await using corpus = await longCorpus();
    await using gateway = await Gateway.start({ CORPUS_DIR: corpus.folder, ...LONG_ANSWERS });
    const stream = await EventStream.search(gateway.url, QUESTION);
    await stream.until(({ events }) => events.some(({ type }) => type === 'token'));
    stream.leave();
    await gateway.requestLine(stream.traceId);
    const trace = await getTrace(gateway.url, stream.traceId);
    expect(trace).toMatchObject({ outcome: 'cancelled', success: true, running: false });
    expect(stageOf(trace, 'HTTP.2_STREAM')).toMatchObject({
      outcome: 'cancelled',
      ending: 'client_disconnect',
    });
    const streaming = stageOf(trace, '5.0_LLM_STREAMING');
    expect(streaming.outcome).toBe('cancelled');
    expect(stageOf(trace, '5.1_PROVIDER_ATTEMPT').attributes['outputTokens']).toBeLessThan(100_000);
    expect(() => stageOf(trace, '6.0_CACHE_STORE')).toThrow('no stage');
  });
});
