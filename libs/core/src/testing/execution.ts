import { NO_ATTRIBUTES } from '../stage/attributes.js';
import type { StageExecution } from '../stage/stage-execution.js';

/** The record of a stage about which there is nothing to say, but for what is given. */
export function executionOf(given: Partial<StageExecution> = {}): StageExecution {
  return {
    stageId: 'A',
    stageName: 'A',
    kind: 'internal',
    outcome: 'ok',
    success: true,
    durationMs: 0,
    selfTimeMs: 0,
    startedAt: 0,
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    errorStatus: undefined,
    errorCauses: undefined,
    attributes: NO_ATTRIBUTES,
    metadata: {},
    substages: [],
    ...given,
  };
}
