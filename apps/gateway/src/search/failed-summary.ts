import type { ExecutionSummary, StageExecution } from '@followspot/nestjs';

/**
 * The summary of a trace whose stream fails with the event that carries it. What is running by then runs around the
 * stream, and has no outcome yet: it will be that of the stream.
 */
export function failedSummary(summary: ExecutionSummary): ExecutionSummary {
  return { ...summary, ...FAILED, stages: summary.stages.map(failedIfRunning) };
}

const FAILED = { success: false, outcome: 'error' } as const;

function failedIfRunning(stage: StageExecution): StageExecution {
  if (stage.running !== true) return stage;
  return { ...stage, ...FAILED, substages: stage.substages.map(failedIfRunning) };
}
