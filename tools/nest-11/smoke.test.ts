// What must be the same under every major of NestJS. `majors.ts` says in CONSUMER which compiled application is meant.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { lines as Lines, Running, start as Start } from './consumer/app.ts';

interface Consumer {
  readonly start: typeof Start;
  readonly lines: typeof Lines;
}

const consumer = process.env['CONSUMER'] ?? '';
const loaded = (await import(consumer)) as Consumer & { readonly default?: Consumer };
const { start, lines } = loaded.default ?? loaded;

interface Answer {
  readonly status: number | undefined;
  readonly traceId: string | undefined;
  readonly text: string;
}

function call(
  port: number,
  path: string,
  traceId: string,
  { method = 'GET', body = '', headers = {}, leaveAfter = '\0' } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { 'x-trace-id': traceId, 'content-type': 'application/json', ...headers };
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: all, agent: false },
      (response) => {
        let text = '';
        const answer = (): void => {
          resolve({ status: response.statusCode, traceId: String(response.headers['x-trace-id']), text });
        };
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (!text.includes(leaveAfter)) return;
          answer();
          sent.destroy();
        });
        response.on('end', answer).on('error', answer);
      },
    );
    sent.on('error', reject).end(body);
  });
}

for (const adapter of ['express', 'fastify']) {
  for (const setup of ['forRoot', 'forRootAsync'] as const) {
    void describe(`${adapter}, ${setup}`, () => {
      let app: Running;
      before(async () => {
        app = await start(adapter, setup);
      });
      after(() => app.close());

      const answers: [name: string, status: number, path: string, options?: Parameters<typeof call>[3]][] = [
        ['a handler', 200, '/search/above/7'],
        ['a 201', 201, '/search', { method: 'POST', body: '{}' }],
        ['a 404', 404, '/nothing'],
        ['a guard', 403, '/search/secret'],
        ['malformed JSON', 400, '/search', { method: 'POST', body: '{"a":' }],
        ['a stream', 200, '/search/stream'],
        ['HEAD', 200, '/search/above/7', { method: 'HEAD' }],
        [
          'a CORS preflight',
          204,
          '/search',
          {
            method: 'OPTIONS',
            headers: { origin: 'http://a.test', 'access-control-request-method': 'POST' },
          },
        ],
      ];
      for (const [name, status, path, options] of answers) {
        test(`the answer of ${name} (${String(status)}) carries the trace id, and its trace ends`, async () => {
          const traceId = `${adapter}-${setup}-${name.replaceAll(' ', '-')}`;
          const ended = app.ended(traceId);
          const answer = await call(app.port, path, traceId, options);
          assert.equal(answer.status, status);
          assert.equal(answer.traceId, traceId);
          assert.equal((await ended)?.outcome, 'ok');
        });
      }

      test('a request is a tree of stages, whatever the order of the decorators', async () => {
        const summary = app.ended('tree');
        const answer = await call(app.port, '/search/below/7', 'tree');
        assert.equal(answer.text, '7');
        const [root] = (await summary)?.stages ?? [];
        assert.equal(root?.stageName, 'GET /search/below/:id');
        assert.deepEqual(root.attributes, {
          handler: 'SearchController.below',
          method: 'GET',
          route: '/search/below/:id',
          statusCode: 200,
        });
        assert.deepEqual(
          root.substages.map(({ stageId }) => stageId),
          ['BELOW'],
        );
        const [lookup] = root.substages[0]?.substages ?? [];
        assert.equal(lookup?.stageId, '2.0_CACHE_LOOKUP');
        assert.deepEqual(lookup.attributes, { hit: false });
      });

      test('a guard keeps what it needs to refuse, and the route of a refused request is known', async () => {
        const summary = app.ended('refused');
        assert.equal((await call(app.port, '/search/secret', 'refused')).status, 403);
        const [root] = (await summary)?.stages ?? [];
        assert.equal(root?.attributes['route'], '/search/secret');
        assert.deepEqual(root.substages, []);
      });

      test('a stream is a stage that completes, its source inside it', async () => {
        const summary = app.ended('streamed');
        const { text } = await call(app.port, '/search/stream', 'streamed');
        assert.deepEqual(text.match(/^data: .*$/gm), [
          'data: 0 streamed',
          'data: 1 streamed',
          'data: 2 streamed',
        ]);
        const [stream] = (await summary)?.stages[0]?.substages ?? [];
        assert.equal(stream?.ending, 'completed');
        assert.equal(stream.attributes['events'], 3);
        assert.deepEqual(
          stream.substages.map(({ stageId, outcome }) => [stageId, outcome]),
          [['5.0_LLM_STREAMING', 'ok']],
        );
      });

      test('a client that leaves ends the stream as client_disconnect and its source as cancelled', async () => {
        const summary = app.ended('left');
        await call(app.port, '/search/endless', 'left', { leaveAfter: 'data: 2' });
        const { outcome, stages } = (await summary) ?? {};
        const [stream] = stages?.[0]?.substages ?? [];
        assert.equal(outcome, 'cancelled');
        assert.equal(stream?.ending, 'client_disconnect');
        assert.deepEqual(
          stream.substages.map((stage) => stage.outcome),
          ['cancelled'],
        );
      });

      test('the lines go through nestjs-pino as structured ones', async () => {
        const traceId = `logged-${adapter}-${setup}`;
        const summary = app.ended(traceId);
        await call(app.port, '/search/above/x', traceId);
        await summary;
        const completed = lines.filter((line) => line['traceId'] === traceId && line['outcome'] === 'ok');
        assert.deepEqual(
          completed.map(({ stage }) => stage),
          ['2.0_CACHE_LOOKUP', 'ABOVE', 'HTTP.1_REQUEST'],
        );
      });
    });
  }

  test(`${adapter}: a wrong option stops the start, and its name is told`, async () => {
    await assert.rejects(
      start(adapter, 'forRoot', { sampleRate: 7 }),
      /option sampleRate must be a number from 0 to 1, got 7/,
    );
  });

  test(`${adapter}: an open stream ends as shutdown when the application closes`, async () => {
    const app = await start(adapter, 'forRoot');
    const traceId = `shutdown-${adapter}`;
    const summary = app.ended(traceId);
    const isOpen = new Promise((resolve) => {
      request({ port: app.port, path: '/search/endless', headers: { 'x-trace-id': traceId } }, (response) => {
        response.once('data', resolve).on('error', () => undefined);
      })
        .on('error', () => undefined)
        .end();
    });
    await isOpen;
    await app.close();
    assert.equal((await summary)?.stages[0]?.substages[0]?.ending, 'shutdown');
  });
}
