import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import type { Outcome } from '../stage/stage-execution.js';

/** Counts a stage below `parent` that ends now and is not recorded. */
export function countStage(
  { trace }: Stage,
  definition: StageDefinition,
  outcome: Outcome,
  startMs: number,
): void {
  try {
    trace.count(definition, outcome, startMs);
  } catch (error) {
    trace.recorder.reportInternalError('stage count', error);
  }
}

/** The stage of work that was to be counted and goes on; undefined where that fails. */
export function stageSince(parent: Stage, definition: StageDefinition, startMs: number): Stage | undefined {
  const { trace } = parent;
  return trace.recorder.attempt('stage start', () => trace.start(parent, definition, undefined, startMs));
}
