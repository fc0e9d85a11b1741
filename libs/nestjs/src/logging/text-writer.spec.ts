import { describe, expect, it } from '@jest/globals';
import { textWriter } from './text-writer.js';

const stage = {
  event: 'stage',
  traceId: 'abc',
  stage: '2.0_CACHE_LOOKUP',
  stageName: 'Cache Lookup',
  kind: 'internal',
  durationMs: 5.23,
  outcome: 'ok',
};

/** What Nest's logger is called with for these lines. */
function callsFor(level: 'debug' | 'info' | 'warn' | 'error', ...lines: readonly object[]): unknown[][] {
  const calls: unknown[][] = [];
  const take = (...args: unknown[]): void => {
    calls.push(args);
  };
  const writer = textWriter({ debug: take, log: take, warn: take, error: take }, 'Followspot');
  for (const fields of lines) writer[level](fields, 'Stage completed');
  return calls;
}

const textsOf = (...lines: readonly object[]): unknown[] => callsFor('info', ...lines).map(([line]) => line);

const text =
  'Stage completed: Cache Lookup | stage=2.0_CACHE_LOOKUP | kind=internal | duration_ms=5.23 | outcome=ok | thread_id=abc | trace_id=abc';

describe('The text of a line', () => {
  it('is in the form of the reference', () => {
    expect(textsOf(stage)).toEqual([text]);
  });

  it('is the same each time, whatever was written before', () => {
    expect(textsOf(stage, { ...stage, traceId: 'def' }, stage)).toEqual([
      text,
      text.replaceAll('abc', 'def'),
      text,
    ]);
  });

  it('says what this execution was, where others of its stage id were something else', () => {
    const others = [
      { stageName: 'Another' },
      { kind: 'cache' },
      { durationMs: 6 },
      { stageName: 'One | outcome=error' },
      {},
    ];
    expect(textsOf(stage, ...others.map((other) => ({ ...stage, ...other }))).slice(1)).toEqual([
      text.replace('Cache Lookup', 'Another'),
      text.replace('kind=internal', 'kind=cache'),
      text.replace('5.23', '6'),
      text.replace('Stage completed: Cache Lookup', '"Stage completed: One | outcome=error"'),
      text,
    ]);
  });

  it('says how a stage ended that did not go well', () => {
    const failed = { outcome: 'error', errorType: 'TypeError' };
    expect(textsOf(stage, { ...stage, ...failed }, { ...stage, ending: 'completed' }).slice(1)).toEqual([
      text.replace('outcome=ok', 'outcome=error | error_type=TypeError'),
      text.replace('outcome=ok', 'outcome=ok | ending=completed'),
    ]);
  });

  it('tells the thread from the trace', () => {
    expect(textsOf(stage, { ...stage, threadId: 'customer 7' })[1]).toBe(
      text.replace('thread_id=abc', 'thread_id="customer 7"'),
    );
  });

  it('quotes what could be taken for another field or another line, each time', () => {
    const traceId = 'a | stage=b\nc';
    const quoted = text.replaceAll('=abc', `=${JSON.stringify(traceId)}`);
    expect(textsOf({ ...stage, traceId }, { ...stage, traceId })).toEqual([quoted, quoted]);
    const route = '/a b';
    const request = { event: 'request', traceId: 'abc', route, latencyMs: 3, retries: undefined };
    const line =
      'Stage completed | event=request | route="/a b" | latency_ms=3 | thread_id=abc | trace_id=abc';
    expect(textsOf(request, request)).toEqual([line, line]);
  });

  it('is right after more texts than are remembered', () => {
    const models = Array.from({ length: 3_000 }, (_, index) => `model ${index}`);
    const quoted = models.map((model) => `Stage completed | model=${JSON.stringify(model)}`);
    expect(textsOf(...models.map((model) => ({ model })))).toEqual(quoted);
    const plain = models.map((model) => model.replace(' ', '-'));
    expect(textsOf(...plain.map((model) => ({ model })))).toEqual(
      plain.map((model) => `Stage completed | model=${model}`),
    );
  });

  it('comes with its context, and an error without a stack', () => {
    for (const level of ['debug', 'info', 'warn'] as const)
      expect(callsFor(level, {})).toEqual([['Stage completed', 'Followspot']]);
    expect(callsFor('error', {})).toEqual([['Stage completed', undefined, 'Followspot']]);
  });
});
