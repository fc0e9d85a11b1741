import { describe, expect, it } from '@jest/globals';
import { ExecutionTracker, Recorder } from '@followspot/core';
import fc from 'fast-check';
import { ObservabilityLogger, type ObservabilityLoggerOptions } from './observability-logger.js';
import { MemoryWriter } from '../testing/memory-writer.js';

function logging(options?: ObservabilityLoggerOptions): {
  readonly writer: MemoryWriter;
  readonly logger: ObservabilityLogger;
  readonly recorder: Recorder;
} {
  const writer = new MemoryWriter();
  const logger = new ObservabilityLogger(writer, options);
  const recorder = new Recorder();
  logger.reportTo(recorder);
  return { writer, logger, recorder };
}

describe('ObservabilityLogger', () => {
  it('writes one line per call, each with its event and the ids that it is given', () => {
    const { writer, logger } = logging();
    const ids = { traceId: 'a', threadId: 'b' };
    logger.logRequestMetrics({ method: 'POST', route: '/x', statusCode: 201, latencyMs: 1.5, ...ids });
    logger.logSseMetrics({
      route: '/s',
      durationMs: 9,
      heartbeats: 1,
      events: 2,
      ending: 'completed',
      ...ids,
    });
    logger.logProviderMetrics({ provider: 'openai', latencyMs: 3, success: true, inputTokens: 4, ...ids });
    logger.logCacheMetrics({ cache: 'l1', hit: false, latencyMs: 0.1, ...ids });
    logger.logStreamEvent('resumed', 's-1', { after: 7 }, ids);
    logger.logError('QUOTA', 'nothing is left', { ...ids, attributes: { tenant: 't' } });
    expect(writer.lines).toEqual([
      {
        level: 'info',
        message: 'POST /x 201',
        fields: { event: 'request', ...ids, method: 'POST', route: '/x', statusCode: 201, latencyMs: 1.5 },
      },
      {
        level: 'info',
        message: 'Stream completed',
        fields: {
          event: 'sse',
          ...ids,
          route: '/s',
          ending: 'completed',
          durationMs: 9,
          heartbeats: 1,
          events: 2,
        },
      },
      {
        level: 'info',
        message: 'Provider openai ok',
        fields: {
          event: 'provider',
          ...ids,
          provider: 'openai',
          latencyMs: 3,
          success: true,
          inputTokens: 4,
        },
      },
      {
        level: 'info',
        message: 'Cache l1 miss',
        fields: { event: 'cache', ...ids, cache: 'l1', hit: false, latencyMs: 0.1 },
      },
      {
        level: 'info',
        message: 'Stream resumed',
        fields: { event: 'stream_event', ...ids, eventType: 'resumed', streamId: 's-1', data: { after: 7 } },
      },
      {
        level: 'error',
        message: 'nothing is left',
        fields: { event: 'error', ...ids, errorType: 'QUOTA', attributes: { tenant: 't' } },
      },
    ]);
  });

  it('takes the ids of the running trace where none are given', () => {
    const { writer, logger, recorder } = logging();
    new ExecutionTracker(recorder).runTrace(
      'JOB',
      () => {
        logger.logCacheMetrics({ cache: 'l1', hit: true, latencyMs: 1 });
        logger.logCacheMetrics({ cache: 'l1', hit: true, latencyMs: 1, traceId: 'given' });
      },
      { traceId: 'running', threadId: 'thread' },
    );
    logger.logCacheMetrics({ cache: 'l1', hit: true, latencyMs: 1 });
    expect(writer.lines.map(({ fields: { traceId, threadId } }) => [traceId, threadId])).toEqual([
      ['running', 'thread'],
      ['given', undefined],
      [undefined, undefined],
    ]);
  });

  it('keeps what an error was caused by, without secrets', () => {
    const { writer, logger } = logging();
    const cause = new TypeError('fetch failed', { cause: new Error('connect redis://u:hunter2@x') });
    logger.logError('CACHE_AWAY', 'Bearer hunter2 was refused', { cause, status: 503 });
    expect(writer.lines[0]).toMatchObject({
      message: 'Bearer [redacted] was refused',
      fields: { status: 503, causes: ['TypeError: fetch failed', 'Error: connect redis://[redacted]@x'] },
    });
  });

  it('cannot be made to write a field of the logger or of another event', () => {
    const { writer, logger } = logging();
    const attributes = { level: 99, time: 0, msg: 'forged', event: 'forged', traceId: 'forged' };
    logger.logCacheMetrics({
      cache: 'l1',
      hit: true,
      latencyMs: 1,
      traceId: 'a',
      ...{ level: 99 },
      attributes,
    });
    expect(writer.lines[0]!.fields).toEqual({
      ...{ event: 'cache', traceId: 'a', cache: 'l1', hit: true, latencyMs: 1 },
      attributes,
    });
  });

  it('shows query text only where it may, in attributes and in URLs', () => {
    const attributes = { q: 'my illness', url: '/search?q=illness' };
    const request = { method: 'GET', route: '/search', latencyMs: 1, attributes };
    const strict = logging();
    strict.logger.logRequestMetrics(request);
    expect(JSON.stringify(strict.writer.lines)).not.toContain('illness');
    const open = logging({ queryText: true });
    open.logger.logRequestMetrics(request);
    expect(open.writer.lines[0]!.fields['attributes']).toEqual(attributes);
  });

  it('hides a field by its name where the application says so, in each line that has it', () => {
    const { writer, logger } = logging({ redactKeys: ['latencyMs', 'duration_ms', 'stageName'] });
    const stage = { stageId: '1.0_WORK', stageName: 'Work', kind: 'internal', attributes: {} } as const;
    const trace = { traceId: 'a', threadId: 'a', keptBecause: undefined };
    logger.logStageStarted({ ...stage, startedAt: 0 } as never, trace);
    logger.logStageCompleted({ ...stage, durationMs: 5, outcome: 'ok' } as never, trace);
    for (const hit of [true, false]) logger.logCacheMetrics({ cache: 'l1', hit, latencyMs: 1 });
    expect(
      writer.lines.map(({ fields: { stageName, durationMs, latencyMs } }) => [
        stageName,
        durationMs,
        latencyMs,
      ]),
    ).toEqual([
      ['[redacted]', undefined, undefined],
      ['[redacted]', '[redacted]', undefined],
      [undefined, undefined, '[redacted]'],
      [undefined, undefined, '[redacted]'],
    ]);
  });

  it('shows the tokens of a provider only where they are counts', () => {
    const { writer, logger } = logging();
    const call = { provider: 'openai', latencyMs: 1, success: true };
    for (const inputTokens of [5, 'abc' as never]) logger.logProviderMetrics({ ...call, inputTokens });
    expect(writer.lines.map(({ fields }) => fields['inputTokens'])).toEqual([5, '[redacted]']);
  });

  it('redacts a text each time it comes, and shows one that only looks suspicious', () => {
    const { writer, logger } = logging();
    for (const route of ['/items/:id', '/login?token=hunter2', '/items/:id', '/login?token=hunter2'])
      logger.logRequestMetrics({ method: 'GET', route, latencyMs: 1, attributes: { route } });
    const routes = ['/items/:id', '/login?token=[redacted]', '/items/:id', '/login?token=[redacted]'];
    expect(writer.lines.map(({ fields: { route, attributes } }) => [route, attributes])).toEqual(
      routes.map((route) => [route, { route }]),
    );
  });

  it('hands over attributes of its own, which nobody changes later', () => {
    const { writer, logger } = logging();
    const attributes = { tenant: 7 };
    const given: unknown[] = [];
    writer.info = (fields) => given.push((fields as { attributes: unknown }).attributes);
    logger.logCacheMetrics({ cache: 'l1', hit: true, latencyMs: 1, attributes });
    attributes.tenant = 8;
    expect(given).toEqual([{ tenant: 7 }]);
  });

  it('keeps the whole line within its bound, wherever the text is', () => {
    const limits = { lineLength: 320, textLength: 200 };
    for (const length of [20, 60, 100, 140, 180]) {
      const { writer, logger, recorder } = logging({ limits });
      const text = 'x'.repeat(length);
      logger.logCacheMetrics({ cache: text, hit: true, latencyMs: 1, attributes: { text, again: text } });
      const [line] = writer.lines;
      expect(JSON.stringify(line!.fields).length + line!.message.length).toBeLessThan(500);
      expect(recorder.drops.logValues > 0).toBe(length > 20);
    }
  });

  it('cuts a message of a megabyte, which is counted', () => {
    const { writer, logger, recorder } = logging({ limits: { textLength: 64 } });
    logger.logError('HUGE', 'x '.repeat(500_000));
    expect(writer.lines[0]!.message).toHaveLength(65);
    expect(recorder.drops.logValues).toBe(1);
  });

  it('does not build a line that would not be written', () => {
    const { writer, logger } = logging();
    const quiet = new ObservabilityLogger(
      Object.assign(writer, { isLevelEnabled: (level: string) => level !== 'debug' }),
    );
    quiet.logStreamEvent('opened', 's-1');
    quiet.logStreamEvent('resumed', 's-1');
    expect(writer.lines.map(({ message }) => message)).toEqual(['Stream resumed']);
    logger.logStreamEvent('opened', 's-1');
  });

  it('that cannot write throws nothing, and the error is counted', () => {
    const { writer, logger, recorder } = logging();
    writer.error = () => {
      throw new Error('disk full');
    };
    logger.logError('X', 'y');
    expect(recorder.drops.internalErrors).toBe(1);
    new ObservabilityLogger(writer).logError('X', 'y');
  });

  it('never throws, whatever it is given', () => {
    const anything = fc.anything({
      withBigInt: true,
      withMap: true,
      withNullPrototype: true,
      withSymbol: true,
    } as never);
    fc.assert(
      fc.property(anything, anything, anything, anything, (...args) => {
        const { logger } = logging();
        const methods = logger as unknown as Record<string, (...args: unknown[]) => void>;
        const names = ['Request', 'Sse', 'Provider', 'Cache'].map((name) => `log${name}Metrics`);
        for (const name of [...names, 'logStreamEvent', 'logError']) methods[name]!(...args);
      }),
    );
  });
});
