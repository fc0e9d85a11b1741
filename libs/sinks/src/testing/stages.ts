import type { KeptBecause, StageExecution, StageKind, TraceIdentity } from '@followspot/core';

/** A stage that has ended well after 10 ms, unless something else is said of it. */
export function stageOf(
  kind: StageKind,
  attributes: StageExecution['attributes'] = {},
  more: Partial<StageExecution> = {},
): StageExecution {
  return {
    stageId: 'WORK',
    stageName: 'Work',
    kind,
    outcome: 'ok',
    success: true,
    durationMs: 10,
    selfTimeMs: 10,
    startedAt: Date.now(),
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    attributes,
    metadata: {},
    substages: [],
    ...more,
  };
}

/** The trace of a stage. */
export function traceOf(keptBecause?: KeptBecause, traceId = 'a-trace'): TraceIdentity {
  return { traceId, threadId: traceId, keptBecause };
}
