import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Corpus, QUESTION, smallCorpus } from './support/corpus.js';
import { EventStream } from './support/event-stream.js';
import { Gateway } from './support/gateway.js';
import { getTrace, rawRequest } from './support/requests.js';

const NEW_ID = /^x-trace-id: ([0-9a-f]{32})$/im;

describe('X-Trace-ID', () => {
  let corpus: Corpus;
  let gateway: Gateway;

  beforeAll(async () => {
    corpus = await smallCorpus();
    gateway = await Gateway.start({ CORPUS_DIR: corpus.folder });
  });
  afterAll(async () => {
    await gateway.stop();
    await corpus[Symbol.asyncDispose]();
  });

  it.each(['a', 'order-17.retry_2', '0af7651916cd43dd8448eb211c80319c', 'x'.repeat(128)])(
    'is taken over when it is well-formed: %s',
    async (id) => {
      const { traceId, events } = await EventStream.answer(gateway.url, QUESTION, { 'X-Trace-ID': id });
      expect(traceId).toBe(id);
      expect(events[0]?.data.traceId).toBe(id);
      await gateway.requestLine(id);
      expect(await getTrace(gateway.url, id)).toMatchObject({ traceId: id, running: false });
    },
  );

  it.each([
    ['129 characters', ['x'.repeat(129)]],
    ['10 KB', ['x'.repeat(10_240)]],
    ['UTF-8', ['spür→id']],
    ['a field of a text log', ['a=1 tenant=x']],
    ['a tab', ['a\tb']],
    ['JSON', ['{"a":1}']],
    ['a script', ['<script>alert(1)</script>']],
    ['a path', ['../../secret']],
    ['encoded line ends', ['a%0d%0aSet-Cookie:x']],
    ['what objects inherit', ['__proto__']],
    ['nothing', ['']],
    ['blanks', ['   ']],
    ['two headers', ['first', 'second']],
  ])('is replaced and never echoed when it is not: %s', async (_, values) => {
    const headers = values.map((value) => `X-Trace-ID: ${value}`);
    const response = await rawRequest(gateway.url, ['GET /search?q=followspot HTTP/1.1', ...headers]);
    const [, traceId = ''] = NEW_ID.exec(response) ?? [];
    expect(traceId).not.toBe('');
    for (const value of values.filter((text) => text.trim() !== '')) expect(response).not.toContain(value);
    expect(response).toContain(`"traceId":"${traceId}"`);
    await gateway.requestLine(traceId);
  });

  it.each([
    ['a refused search', 'GET /search HTTP/1.1', 400],
    ['an unknown path', 'GET /nowhere HTTP/1.1', 404],
    ['an unknown trace', 'GET /traces/nobody HTTP/1.1', 404],
    ['a path that cannot be decoded', 'GET /traces/%E0%A4%A HTTP/1.1', 400],
    ['a wrong method', 'DELETE /search?q=x HTTP/1.1', 404],
    ['OPTIONS, which nobody handles', 'OPTIONS /search HTTP/1.1', 404],
    ['HEAD of a stream', 'HEAD /search?q=followspot HTTP/1.1', 200],
    ['HEAD of a refused search', 'HEAD /search HTTP/1.1', 400],
  ])('is on the answer to %s', async (_, requestLine, status) => {
    const response = await rawRequest(gateway.url, [requestLine]);
    expect(response).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(response).toMatch(NEW_ID);
  });

  it('is on the answer to malformed JSON and to a body that is too large', async () => {
    const post = (body: string): Promise<Response> =>
      fetch(`${gateway.url}/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    for (const [body, status] of [
      ['{"a":', 400],
      [JSON.stringify('x'.repeat(200_000)), 413],
    ] as const) {
      const response = await post(body);
      expect(response.status).toBe(status);
      expect(response.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it('is a new one for each request of a connection', async () => {
    const pipelined = await rawRequest(gateway.url, [
      'GET /nowhere HTTP/1.1',
      'Host: gateway',
      '',
      'GET /nowhere HTTP/1.1',
    ]);
    const ids = [...pipelined.matchAll(new RegExp(NEW_ID, 'gim'))].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });
});
