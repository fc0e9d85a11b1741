import 'reflect-metadata';
import { Agent } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, rawConnection, rawExchange } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

const NEW_ID = /^[0-9a-f]{32}$/;

const hostile: [label: string, value: string][] = [
  ['empty', ''],
  ['spaces', '   '],
  ['129 characters', 'a'.repeat(129)],
  ['10 KB', 'a'.repeat(10_240)],
  ['UTF-8', Buffer.from('größe', 'utf8').toString('latin1')],
  ['key=value pairs', 'a=1 tenant=x'],
  ['a TAB', 'a\tb'],
  ['JSON', '{"a":1}'],
  ['markup', '<script>alert(1)</script>'],
  ['a path', '../../etc/passwd'],
  ['a folder', '..'],
  ['__proto__', '__proto__'],
  ['a list', 'a, b'],
  ['a percent-encoded line break', 'a%0d%0aSet-Cookie:x=1'],
  ['a format string', '%s%s%n'],
];

const harmless = ['a', 'A.b_c-9', 'constructor', '0'.repeat(128), '4bf92f3577b34da6a3ce929d0e0e4736'];

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [ItemsController] });
  });
  afterAll(() => app.close());

  it.each(hostile)('an X-Trace-ID of %s is never echoed, the request gets a new one', async (_, value) => {
    const answer = await call(app.port, '/items/1', { headers: { 'x-trace-id': value } });
    expect(answer.status).toBe(200);
    expect(answer.traceId).toMatch(NEW_ID);
    expect(JSON.parse(answer.text)).toEqual({ id: '1', traceId: answer.traceId });
  });

  it.each(harmless)('an X-Trace-ID of %s is taken', async (value) => {
    expect((await call(app.port, '/items/1', { headers: { 'X-TRACE-ID': value } })).traceId).toBe(value);
    expect(app.tracker.getExecutionSummary(value)).toMatchObject({ traceId: value, stageCount: 2 });
  });

  it('a request without one gets a new one every time', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await call(app.port, '/items/1')).traceId));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(NEW_ID);
  });

  it('two X-Trace-ID headers are refused as a whole', async () => {
    const bytes =
      'GET /items/1 HTTP/1.1\r\nHost: a\r\nX-Trace-ID: first\r\nX-Trace-ID: second\r\nConnection: close\r\n\r\n';
    const text = await rawExchange(app.port, bytes, () => false);
    expect(text).toMatch(/^HTTP\/1.1 200/);
    expect(text).toMatch(/^x-trace-id: [0-9a-f]{32}\r$/im);
    expect(text).not.toMatch(/first|second/);
  });

  it('a folded header is refused by the parser, whose answer carries no id', async () => {
    const bytes = 'GET /items/1 HTTP/1.1\r\nHost: a\r\nX-Trace-ID: a\r\n b\r\n\r\n';
    const text = await rawExchange(app.port, bytes, () => false);
    expect(text).toMatch(/^HTTP\/1.1 400/);
    expect(text).not.toMatch(/x-trace-id/i);
  });

  it('a head of more than 16 KB is refused by the parser, whose answer carries no id', async () => {
    const bytes = `GET /items/1 HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${'a'.repeat(20_000)}\r\n\r\n`;
    const text = await rawExchange(app.port, bytes, () => false);
    expect(text).toMatch(/^HTTP\/1.1 431/);
    expect(text).not.toMatch(/x-trace-id/i);
  });

  it('requests that reuse a connection have ids of their own', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const traceIds = ['kept-1', undefined, 'kept-2', undefined];
    const answers = [];
    for (const traceId of traceIds) {
      answers.push(await call(app.port, '/items/1', { agent, ...(traceId !== undefined && { traceId }) }));
    }
    agent.destroy();
    expect(answers[0]!.traceId).toBe('kept-1');
    expect(answers[2]!.traceId).toBe('kept-2');
    expect(new Set(answers.map(({ traceId }) => traceId)).size).toBe(4);
    for (const answer of answers) expect(JSON.parse(answer.text)).toMatchObject({ traceId: answer.traceId });
  });

  it('pipelined requests have ids of their own', async () => {
    const get = (id: string, rest = ''): string =>
      `GET /items/${id} HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${id}\r\n${rest}\r\n`;
    const text = await rawExchange(
      app.port,
      get('p1') + get('p2') + get('p3', 'Connection: close\r\n'),
      () => false,
    );
    expect([...text.matchAll(/^x-trace-id: (.*)\r$/gim)].map(([, id]) => id)).toEqual(['p1', 'p2', 'p3']);
    expect([...text.matchAll(/\{.*\}/g)].map(([body]) => JSON.parse(body) as unknown)).toEqual(
      ['p1', 'p2', 'p3'].map((id) => ({ id, traceId: id })),
    );
  });

  it('a pipelined request whose client leaves before its turn is ended too', async () => {
    const socket = await rawConnection(app.port);
    const ids = ['q1', 'q2', 'q3'];
    socket.write(
      ids.map((id) => `GET /items/${id} HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${id}\r\n\r\n`).join(''),
    );
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(String(bytes)).toContain('q1');
    socket.destroy();
    await Promise.all(ids.map((id) => app.sink.root(id)));
    expect(app.recorder.openTraceCount).toBe(0);
  });
});

describe.each(ADAPTERS)('Two requests with the same trace id on %s', (adapter) => {
  it('are two traces that share nothing', async () => {
    const app = await startApp(adapter, { controllers: [ItemsController] });
    const paths = ['/items/a', '/items/denied/b', '/items/none', '/items/broken'];
    const answers = await Promise.all(paths.map((path) => call(app.port, path, { traceId: 'same' })));
    expect(answers.map(({ traceId }) => traceId)).toEqual(['same', 'same', 'same', 'same']);
    const roots = app.sink.roots('same');
    expect(roots.map(({ stageName, substages }) => [stageName, substages.length]).sort()).toEqual([
      ['GET /items/:id', 1],
      ['GET /items/broken', 0],
      ['GET /items/denied/:id', 0],
      ['GET /items/none', 0],
    ]);
    expect(app.tracker.clearThreadData('same')).toBe(4);
    await app.close();
  });
});
