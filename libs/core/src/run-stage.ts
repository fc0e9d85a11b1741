import { complete, type ValueListener } from './completion/complete.js';
import { type Call, callInStage, currentStage } from './context/context.js';
import { countCall } from './counting/count-call.js';
import type { Recorder } from './recorder.js';
import type { Stage } from './stage/stage.js';
import { isPlain } from './counting/stage-counts.js';
import type { StageDefinition } from './stage/stage-definition.js';
import type { Attributes } from './stage/stage-execution.js';

const NO_ARGUMENTS: readonly unknown[] = [];

/**
 * Runs `call` as a stage inside the one that is running here, and follows what it returns to its end. Outside every
 * trace, and where nothing is recorded, it is a plain call.
 */
export function runStage(
  definition: StageDefinition,
  call: () => unknown,
  attributesOf?: AttributesOf,
): unknown {
  const parent = currentStage();
  if (parent === undefined || !parent.trace.admits(parent, definition)) return call();
  if (attributesOf === undefined && parent.trace.counts(parent) && isPlain(definition)) {
    return countCall(parent, definition, call, undefined);
  }
  return runSubstage(parent, definition, call, undefined, NO_ARGUMENTS, attributesOf);
}

/** Runs a call as a stage that the trace of its parent has admitted. */
export function runSubstage(
  parent: Stage,
  definition: StageDefinition,
  call: Call,
  self: unknown,
  args: readonly unknown[],
  attributesOf?: AttributesOf,
): unknown {
  const stage = startStage(parent, definition, args);
  if (stage === undefined) return call.apply(self, args as unknown[]);
  return runToCompletion(stage, definition, call, self, args, attributesOf);
}

/** Undefined where that fails; the work is then a plain call. */
function startStage(parent: Stage, definition: StageDefinition, args: readonly unknown[]): Stage | undefined {
  const { trace } = parent;
  try {
    return trace.start(parent, definitionOfCall(definition, args, trace.recorder));
  } catch (error) {
    trace.recorder.reportInternalError('stage start', error);
    return undefined;
  }
}

/** The definition of one call: where the arguments decide what it is, and that fails, the one of all. */
export function definitionOfCall(
  definition: StageDefinition,
  args: readonly unknown[],
  recorder: Recorder,
): StageDefinition {
  return definition.forCall === undefined ? definition : definitionFor(definition, args, recorder);
}

function definitionFor(
  definition: StageDefinition,
  args: readonly unknown[],
  recorder: Recorder,
): StageDefinition {
  return (
    recorder.attempt(`provider of ${definition.stageId}`, () => definition.forCall?.(args)) ?? definition
  );
}

/** Reads attributes off the value that the work came to. */
export type AttributesOf = (value: unknown) => Attributes;

/** Makes a call as code of a stage that is open and ends the stage when the work is finished. */
export function runToCompletion(
  stage: Stage,
  definition: StageDefinition,
  call: Call,
  self: unknown,
  args: readonly unknown[],
  attributesOf?: AttributesOf,
): unknown {
  let result: unknown;
  try {
    result = callInStage(stage, call, self, args);
  } catch (error) {
    failed(stage, error);
    throw error;
  }
  return complete(stage, result, definition.followThenable, attributesOf && attributeListener(attributesOf));
}

function failed(stage: Stage, error: unknown): void {
  stage.trace.recorder.attempt('stage end', () => {
    stage.fail(error);
  });
}

function attributeListener(attributesOf: AttributesOf): ValueListener {
  return (stage, value) => {
    stage.trace.recorder.attempt(`attributes of ${stage.stageId}`, () => {
      stage.setAttributes(attributesOf(value));
    });
  };
}
