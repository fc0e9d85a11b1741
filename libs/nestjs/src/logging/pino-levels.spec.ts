import { describe, expect, it } from '@jest/globals';
import type { StageExecution, TraceIdentity } from '@followspot/core';
import { ObservabilityLogger } from '@followspot/sinks/log';
import { pino } from 'pino';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const trace: TraceIdentity = { traceId, threadId: traceId, keptBecause: 'sampled' };
const stage: StageExecution = {
  stageId: '1.0_WORK',
  stageName: 'Work',
  kind: 'internal',
  outcome: 'ok',
  success: true,
  durationMs: 5,
  selfTimeMs: 5,
  startedAt: 0,
  ending: undefined,
  errorType: undefined,
  errorMessage: undefined,
  attributes: Object.freeze({}),
  metadata: {},
  substages: [],
};

describe('a pino logger that is written to directly', () => {
  it.each([
    ['alone', (logger: pino.Logger) => logger],
    ['as a child', (logger: pino.Logger) => logger.child({ service: 'shop' })],
  ])('%s writes what its level allows, also where that changes later', (_, writerOf) => {
    const written: string[] = [];
    const writer = writerOf(pino({ level: 'info' }, { write: (line) => written.push(line) }));
    const logger = new ObservabilityLogger(writer);
    const linesAt = (level: pino.Level): number => {
      writer.level = level;
      written.length = 0;
      logger.logStageCompleted(stage, trace);
      logger.logRequestMetrics({ ...trace, method: 'GET', route: '/', statusCode: 200, latencyMs: 1 });
      return written.length;
    };
    const levels = ['info', 'warn', 'debug', 'error', 'info'] as const;
    expect(levels.map(linesAt)).toEqual([2, 0, 2, 0, 2]);
  });
});
