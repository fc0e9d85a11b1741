import { complete, isFinished } from './completion/complete.js';
import type { Call } from './context.js';
import { isAbortError } from './is-abort-error.js';
import type { Stage } from './stage.js';
import type { StageDefinition } from './stage-definition.js';
import type { Outcome } from './stage-execution.js';

/**
 * Makes a call whose stage is counted and not recorded: two readings of the clock, no context and no stage. Work that
 * goes on after the call gets its stage then, because the trace has to know what is running.
 */
export function countCall(
  parent: Stage,
  definition: StageDefinition,
  call: Call,
  self: unknown,
  ...args: unknown[]
): unknown {
  const { trace } = parent;
  const stagesBefore = trace.stageCount;
  const startMs = trace.now();
  let result: unknown;
  try {
    result = call.apply(self, args);
  } catch (error) {
    count(parent, definition, trace.isAborted || isAbortError(error) ? 'cancelled' : 'error', startMs);
    throw error;
  }
  if (isFinished(parent, result)) {
    count(parent, definition, 'ok', startMs);
    return result;
  }
  const stage = late(parent, definition, startMs);
  if (stage === undefined) return result;
  return complete(stage, result, definition.followThenable, undefined, trace.stageCount === stagesBefore);
}

function count({ trace }: Stage, definition: StageDefinition, outcome: Outcome, startMs: number): void {
  try {
    trace.count(definition, outcome, startMs);
  } catch (error) {
    trace.recorder.reportInternalError('stage count', error);
  }
}

function late(parent: Stage, definition: StageDefinition, startMs: number): Stage | undefined {
  const { trace } = parent;
  return trace.recorder.attempt('stage start', () => trace.start(parent, definition, undefined, startMs));
}
