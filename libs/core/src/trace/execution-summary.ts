import type { TraceIdentity } from '../delivery/sink.js';
import type { ExecutionSummary, StageExecution } from '../stage/stage-execution.js';
import { countOf } from '../stage/stage-tree.js';

/** What is known of a trace beside its stages. */
export interface TraceHeader extends TraceIdentity {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Stages that were not recorded because of a limit. */
  readonly droppedStages: number;
}

/** A trace as people read it; nearly everything is said by its root stage. */
export function executionSummary(
  { traceId, threadId, startedAt, droppedStages, keptBecause }: TraceHeader,
  root: StageExecution,
  running: boolean,
): ExecutionSummary {
  return {
    traceId,
    threadId,
    startedAt,
    totalDurationMs: root.durationMs,
    stageCount: countOf(root),
    droppedStages,
    success: root.success,
    outcome: root.outcome,
    keptBecause,
    running,
    stages: [root],
  };
}
