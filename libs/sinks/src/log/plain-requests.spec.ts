import { describe, expect, it } from '@jest/globals';
import type { RequestMetrics } from './log-events.js';
import { ObservabilityLogger, type ObservabilityLoggerOptions } from './observability-logger.js';
import { MemoryWriter, type WrittenLine } from '../testing/memory-writer.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const said = {
  traceId,
  stage: 'HTTP.1_REQUEST',
  method: 'GET',
  route: '/items/:id',
  statusCode: 200,
  latencyMs: 5.23,
  keptBecause: 'sampled',
  outcome: 'ok',
} as const;
const request: RequestMetrics = { ...said, threadId: traceId };
const fields = { event: 'request', ...said };

/** Writes the line of a plain request first, so that all of it is known, and returns those of the others. */
function linesAfterPlainOnes(
  others: readonly Partial<RequestMetrics>[],
  options: ObservabilityLoggerOptions = {},
): WrittenLine[] {
  const writer = new MemoryWriter();
  const logger = new ObservabilityLogger(writer, options);
  for (let time = 0; time < 2; time += 1) logger.logRequestMetrics(request);
  for (const other of others) logger.logRequestMetrics({ ...request, ...other });
  return writer.lines.slice(2);
}

describe('The line of a request that was answered as those before it', () => {
  it('is the same each time it is written', () => {
    const line = { level: 'info', message: 'GET /items/:id 200', fields };
    expect(linesAfterPlainOnes([{}, {}])).toEqual([line, line]);
  });

  it('is the same as one that was looked through with care', () => {
    const [plain] = linesAfterPlainOnes([{}]);
    // So narrow a bound that every text is looked at.
    const [careful] = linesAfterPlainOnes([{}], { limits: { textLength: 63 } });
    expect(JSON.stringify(plain)).toBe(JSON.stringify(careful));
  });

  it('has what is its own', () => {
    const other = '4bf92f3577b34da6a3ce929d0e0e4736';
    const [line] = linesAfterPlainOnes([{ traceId: other, threadId: other, latencyMs: 7 }]);
    expect(line?.fields).toEqual({ ...fields, traceId: other, latencyMs: 7 });
  });

  it('says in what it differs from the first one of its route', () => {
    const others = [
      { statusCode: 404 },
      { method: 'POST' },
      { route: '/items' },
      { keptBecause: 'forced' },
      { stage: 'HTTP.9_OTHER' },
      { attributes: { handler: 'Items.one' } },
      { attributes: { handler: 'Items.one', tenant: 7 } },
      { attributes: { tenant: 7 } },
      { route: '/handled', attributes: { handler: 'Items.one' } },
      { route: '/handled', attributes: { handler: 'Items.two' } },
      { threadId: 'customer-7' },
      {},
    ] as const;
    const lines = linesAfterPlainOnes([...others, ...others]);
    expect(lines.map((line) => line.fields)).toEqual(
      [...others, ...others].map((other) => ({ ...fields, ...other })),
    );
    expect(lines.slice(0, 3).map((line) => line.message)).toEqual([
      'GET /items/:id 404',
      'POST /items/:id 200',
      'GET /items 200',
    ]);
  });

  it('says that it failed, was given up or was not answered', () => {
    const [failed, refused, left] = linesAfterPlainOnes([
      { outcome: 'error', errorType: 'TypeError' },
      { statusCode: 503 },
      { outcome: 'cancelled', statusCode: undefined },
    ]);
    expect(failed).toMatchObject({ level: 'error', message: 'GET /items/:id 200, error' });
    expect(failed?.fields).toMatchObject({ outcome: 'error', errorType: 'TypeError' });
    expect(refused).toMatchObject({ level: 'error', message: 'GET /items/:id 503' });
    expect(left).toMatchObject({ level: 'info', message: 'GET /items/:id cancelled' });
    expect(left?.fields).not.toHaveProperty('statusCode');
  });

  it('does not show a secret, the first time or later', () => {
    const secrets = [
      { route: '/login?token=hunter2' },
      { traceId: 'sk-0123456789abcdef', threadId: 'sk-0123456789abcdef' },
      { method: 'Bearer', route: 'abcdef0123' },
      { route: '/further', attributes: { handler: 'password=hunter2' } },
    ];
    expect(JSON.stringify(linesAfterPlainOnes([...secrets, ...secrets]))).not.toMatch(
      /hunter2|0123456789|"Bearer abcdef/,
    );
  });

  it('has attributes of its own, and runs no getter of those that it is given', () => {
    let reads = 0;
    const attributes = { handler: 'Items.one' };
    const hostile = {
      get handler() {
        return String((reads += 1));
      },
    };
    const given: Record<string, unknown>[] = [];
    const keep = (fields: object): void => {
      given.push(fields as Record<string, unknown>);
    };
    const logger = new ObservabilityLogger({ debug: keep, info: keep, warn: keep, error: keep });
    for (const one of [attributes, attributes, hostile, new Proxy(attributes, {})])
      logger.logRequestMetrics({ ...request, attributes: one });
    expect(given.map((fields) => fields['attributes'])).toEqual([
      attributes,
      attributes,
      { handler: '[getter]' },
      '[proxy]',
    ]);
    expect(new Set([attributes, ...given.slice(0, 2).map((fields) => fields['attributes'])]).size).toBe(3);
    expect(reads).toBe(0);
  });

  it('hides a field whose name is that of a secret here', () => {
    const [line] = linesAfterPlainOnes([{}], { redactKeys: ['route'] });
    expect(line?.fields).toEqual({ ...fields, route: '[redacted]' });
  });

  it('is right after more routes than are remembered', () => {
    const routes = Array.from({ length: 3_000 }, (_, index) => `/items/${index}`);
    const lines = linesAfterPlainOnes([...routes, ...routes].map((route) => ({ route })));
    expect(lines.map((line) => line.message)).toEqual(
      [...routes, ...routes].map((route) => `GET ${route} 200`),
    );
  });
});
