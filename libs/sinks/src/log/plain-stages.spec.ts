import { describe, expect, it } from '@jest/globals';
import type { StageExecution, TraceIdentity } from '@followspot/core';
import { ObservabilityLogger, type ObservabilityLoggerOptions } from './observability-logger.js';
import { MemoryWriter, type WrittenLine } from '../testing/memory-writer.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const trace: TraceIdentity = { traceId, threadId: traceId, keptBecause: 'sampled' };
const stage: StageExecution = {
  stageId: '2.0_CACHE_LOOKUP',
  stageName: 'Cache Lookup',
  kind: 'internal',
  outcome: 'ok',
  success: true,
  durationMs: 5.23,
  selfTimeMs: 5.23,
  startedAt: 0,
  ending: undefined,
  errorType: undefined,
  errorMessage: undefined,
  attributes: Object.freeze({}),
  metadata: {},
  substages: [],
};
const fields = {
  event: 'stage',
  traceId,
  stage: '2.0_CACHE_LOOKUP',
  stageName: 'Cache Lookup',
  kind: 'internal',
  durationMs: 5.23,
  outcome: 'ok',
};

/** Writes lines of a plain stage first, so that all of it is known, and returns those of the others. */
function linesAfterPlainOnes(
  others: readonly (readonly [Partial<StageExecution>, Partial<TraceIdentity>?])[],
  options: ObservabilityLoggerOptions = {},
): WrittenLine[] {
  const writer = new MemoryWriter();
  const logger = new ObservabilityLogger(writer, options);
  for (let time = 0; time < 2; time += 1) logger.logStageCompleted(stage, trace);
  for (const [ofStage, ofTrace = {}] of others)
    logger.logStageCompleted({ ...stage, ...ofStage }, { ...trace, ...ofTrace });
  return writer.lines.slice(2);
}

const fieldsOf = (...of: Parameters<typeof linesAfterPlainOnes>): object[] =>
  linesAfterPlainOnes(...of).map((line) => line.fields);

describe('The line of a stage of which nothing is known but how long it took', () => {
  it('is the same each time it is written', () => {
    const line = { level: 'info', message: 'Stage completed', fields };
    expect(linesAfterPlainOnes([[{}], [{}]])).toEqual([line, line]);
  });

  it('is the same as one that was looked through with care', () => {
    const [plain] = fieldsOf([[{}]]);
    // So narrow a bound that every text is looked at.
    const [careful] = fieldsOf([[{}]], { limits: { textLength: 63 } });
    expect(JSON.stringify(plain)).toBe(JSON.stringify(careful));
  });

  it('says what is known beside it, also after lines that had nothing to say', () => {
    expect(
      fieldsOf([
        [{ attributes: { hits: 3 } }],
        [{ outcome: 'error', errorType: 'TypeError' }],
        [{ outcome: 'cancelled', ending: 'client_disconnect' }],
        [{}, { threadId: 'customer-7' }],
      ]),
    ).toEqual([
      { ...fields, attributes: { hits: 3 } },
      { ...fields, outcome: 'error', errorType: 'TypeError' },
      { ...fields, outcome: 'cancelled', ending: 'client_disconnect' },
      { ...fields, threadId: 'customer-7' },
    ]);
  });

  it('has the name of this execution, where executions of one stage id have several', () => {
    const names = ['Cache Lookup', 'token=hunter2', 'Cache Lookup', 'Another'];
    expect(fieldsOf(names.map((stageName) => [{ stageName }]))).toEqual(
      ['Cache Lookup', 'token=[redacted]', 'Cache Lookup', 'Another'].map((stageName) => ({
        ...fields,
        stageName,
      })),
    );
  });

  it('does not show an id that looks like a secret', () => {
    const id = 'sk-0123456789abcdef0123456789abc';
    expect(fieldsOf([[{}, { traceId: id, threadId: id }]])).toEqual([{ ...fields, traceId: '[redacted]' }]);
  });

  it('hides a field whose name is that of a secret here', () => {
    expect(fieldsOf([[{}]], { redactKeys: ['stage-name'] })).toEqual([
      { ...fields, stageName: '[redacted]' },
    ]);
  });

  it('is cut where the bounds say so', () => {
    const [line] = fieldsOf([[{}]], { limits: { textLength: 16 } });
    expect(line).toEqual({ ...fields, traceId: '0af7651916cd43dd…' });
  });

  it('has no duration that JSON has no word for', () => {
    expect(fieldsOf([[{ durationMs: Number.NaN }]])).toEqual([{ ...fields, durationMs: 'NaN' }]);
  });

  it('reads attributes each time that may change, and runs none of a proxy', () => {
    const attributes: Record<string, number> = {};
    let reads = 0;
    const proxy = new Proxy({}, { ownKeys: () => [String((reads += 1))] });
    const writer = new MemoryWriter();
    const logger = new ObservabilityLogger(writer);
    logger.logStageCompleted({ ...stage, attributes }, trace);
    attributes['hits'] = 3;
    logger.logStageCompleted({ ...stage, attributes }, trace);
    logger.logStageCompleted({ ...stage, attributes: proxy }, trace);
    const [, second, third] = writer.lines;
    expect(second?.fields['attributes']).toEqual({ hits: 3 });
    expect(third?.fields['attributes']).toBe('[proxy]');
    expect(reads).toBe(0);
  });

  it('is not handed to a writer that does not write its level', () => {
    const writer = Object.assign(new MemoryWriter(), { isLevelEnabled: (level: string) => level !== 'info' });
    const logger = new ObservabilityLogger(writer);
    logger.logStageCompleted(stage, trace);
    logger.logRequestMetrics({
      ...trace,
      ...{ stage: 'HTTP.1_REQUEST', method: 'GET', route: '/', statusCode: 200, latencyMs: 1, outcome: 'ok' },
    });
    expect(writer.lines).toEqual([]);
  });

  it('is right after more stages than are remembered', () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `Work ${index}`);
    const lines = fieldsOf(names.map((stageName, index) => [{ stageId: `${index}.0_WORK`, stageName }]));
    expect(lines.map((line) => (line as typeof fields).stageName)).toEqual(names);
  });
});
