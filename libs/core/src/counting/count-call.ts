import { complete, isFinished } from '../completion/complete.js';
import { isPlainPromise, settlementOf } from '../completion/promise.js';
import type { Call } from '../context/context.js';
import { countStage, stageSince } from './count-stage.js';
import { isAbortError } from '../stage/is-abort-error.js';
import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';

/**
 * Makes a call whose stage is counted and not recorded: two readings of the clock, no context and no stage. A promise
 * is counted when it settles; a stream gets its stage after the call, because it is used who knows where.
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
  trace.countedDepth += 1;
  try {
    result = call.apply(self, args);
    trace.countedDepth -= 1;
  } catch (error) {
    trace.countedDepth -= 1;
    countFailure(parent, definition, error, startMs);
    throw error;
  }
  if (typeof result === 'object' && result !== null) {
    return countObject(parent, definition, result, startMs, stagesBefore);
  }
  countStage(parent, definition, 'ok', startMs);
  return result;
}

/** Apart, like all that is rare: what every call does fits into one function of V8's then. */
function countFailure(parent: Stage, definition: StageDefinition, error: unknown, startMs: number): void {
  const isCancelled = parent.trace.isAborted || isAbortError(error);
  countStage(parent, definition, isCancelled ? 'cancelled' : 'error', startMs);
}

function countObject(
  parent: Stage,
  definition: StageDefinition,
  result: object,
  startMs: number,
  stagesBefore: number,
): unknown {
  // The call itself may have ended or aborted the trace, or have had it kept.
  const { trace } = parent;
  const isStillCounted = trace.counts(parent) && !trace.isAborted;
  const derived = isStillCounted ? countPromise(parent, definition, result, startMs) : undefined;
  if (derived !== undefined) return derived;
  if (trace.root === undefined || isFinished(parent, result)) {
    countStage(parent, definition, 'ok', startMs);
    return result;
  }
  const isUntouched = trace.stageCount === stagesBefore;
  const stage = stageSince(parent, definition, startMs);
  if (stage === undefined) return result;
  return complete(stage, result, definition.followThenable, undefined, isUntouched);
}

/** Undefined of what is no plain promise. */
function countPromise(
  parent: Stage,
  definition: StageDefinition,
  result: object,
  startMs: number,
): Promise<unknown> | undefined {
  if (!isPlainPromise(result)) return undefined;
  const { pending } = parent.trace;
  const call = pending.take(parent, definition, startMs);
  const derived = settlementOf(result, call);
  if (derived === undefined) pending.giveBack(call);
  else pending.add(call);
  return derived;
}
