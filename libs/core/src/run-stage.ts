import { complete, type ValueListener } from './completion/complete.js';
import { currentStage, runInStage } from './context.js';
import type { Recorder } from './recorder.js';
import type { Stage } from './stage.js';
import type { StageDefinition } from './stage-definition.js';
import type { Attributes } from './stage-execution.js';

/**
 * Runs `call` as a stage inside the one that is running here, and follows what it returns to its end. Outside every
 * trace, and where nothing is recorded, it is a plain call.
 */
export function runStage(
  definition: StageDefinition,
  call: () => unknown,
  attributesOf?: AttributesOf,
): unknown {
  const stage = startStage(definition);
  return stage === undefined ? call() : runToCompletion(stage, definition, call, attributesOf);
}

/** Starts a stage inside the one that is running here; undefined where its work is to be a plain call. */
export function startStage(definition: StageDefinition, args: readonly unknown[] = []): Stage | undefined {
  const parent = currentStage();
  if (parent === undefined) return undefined;
  try {
    return parent.open(definitionOfCall(definition, args, parent.trace.recorder));
  } catch (error) {
    parent.trace.recorder.reportInternalError('stage start', error);
    return undefined;
  }
}

/** The definition of one call: where the arguments decide what it is, and that fails, the one of all. */
export function definitionOfCall(
  definition: StageDefinition,
  args: readonly unknown[],
  recorder: Recorder,
): StageDefinition {
  const { forCall } = definition;
  if (forCall === undefined) return definition;
  return recorder.attempt(`provider of ${definition.stageId}`, () => forCall(args)) ?? definition;
}

/** Reads attributes off the value that the work came to. */
export type AttributesOf = (value: unknown) => Attributes;

/** Runs `call` as code of a stage that is open and ends the stage when the work is finished. */
export function runToCompletion(
  stage: Stage,
  definition: StageDefinition,
  call: () => unknown,
  attributesOf?: AttributesOf,
): unknown {
  let result: unknown;
  try {
    result = runInStage(stage, call);
  } catch (error) {
    stage.trace.recorder.attempt('stage end', () => {
      stage.fail(error);
    });
    throw error;
  }
  return complete(stage, result, definition.followThenable, attributesOf && attributeListener(attributesOf));
}

function attributeListener(attributesOf: AttributesOf): ValueListener {
  return (stage, value) => {
    stage.trace.recorder.attempt(`attributes of ${stage.stageId}`, () => {
      stage.setAttributes(attributesOf(value));
    });
  };
}
