import { types } from 'node:util';
import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';
import { asyncGeneratorShape, generatorShape } from './generator.js';
import { asyncIterableShape } from './async-iterable.js';
import { nodeStreamShape } from './node-stream.js';
import { followPromise, hasNativeThen } from './promise.js';
import { thenableShape } from './thenable.js';
import { webStreamShape } from './web-stream.js';

/** Told of the value that a stage's work came to, when it came to one. Must not throw. */
export type ValueListener = (stage: Stage, value: unknown) => void;

const BUILT_IN_SHAPES: readonly ResultShape[] = [
  asyncGeneratorShape,
  generatorShape,
  webStreamShape,
  nodeStreamShape,
  asyncIterableShape,
];

/**
 * The one place that decides when a stage's work is finished: at once for a value, at settlement for a native promise,
 * at the end of its use for a stream of any shape. Returns what the caller gets: the value itself, or a stand-in of
 * the same type. A lazy thenable (a query builder) counts as a value, because to call its `then` would execute it,
 * unless `followsThenable` says that the caller may get a stand-in for it.
 * @param isUntouched Whether a stream that nobody uses need not leave a record, unless stages ran before it came.
 */
export function complete(
  stage: Stage,
  result: unknown,
  followsThenable: boolean,
  onValue?: ValueListener,
  isUntouched = true,
): unknown {
  // Most results are neither, and are not asked anything.
  if (typeof result !== 'object' || result === null) return completeWithValue(stage, result, onValue);
  return completeObject(stage, result, followsThenable, onValue, isUntouched);
}

function completeObject(
  stage: Stage,
  result: object,
  followsThenable: boolean,
  onValue: ValueListener | undefined,
  isUntouched: boolean,
): unknown {
  try {
    // `instanceof` is asked first because it takes a tenth of the time; it is the derivation that knows.
    if ((result instanceof Promise || types.isPromise(result)) && hasNativeThen(result)) {
      return followPromise(stage, result, settleInBetween, onValue);
    }
  } catch (error) {
    // A subclass whose promises cannot be derived from. The caller gets what the method returned.
    if (types.isPromise(result)) stage.trace.recorder.reportInternalError('promise', error);
  }
  const shape = shapeOf(stage, result, followsThenable ? followedThenable(onValue) : undefined);
  return completeSettled(stage, result, shape, isUntouched, onValue);
}

/** Whether the work has come to a value, so that nothing goes on. */
export function isFinished(stage: Stage, result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return true;
  return !types.isPromise(result) && shapeOf(stage, result) === undefined;
}

/** Apart from its callers, whose every call would allocate what its closure shares. */
function followedThenable(onValue: ValueListener | undefined): ResultShape {
  return thenableShape((stage, value) => settleInBetween(stage, value, onValue));
}

/** What a promise or a thenable came to. */
export function settleInBetween(stage: Stage, value: unknown, onValue: ValueListener | undefined): unknown {
  if (typeof value !== 'object' || value === null) return completeWithValue(stage, value, onValue);
  return completeSettled(stage, value, shapeOf(stage, value), false, onValue);
}

/** There is a result, directly or by a promise that resolved: a value, or a stream that goes on. */
function completeSettled(
  stage: Stage,
  value: object,
  shape: ResultShape | undefined,
  isDirect: boolean,
  onValue?: ValueListener,
): unknown {
  if (shape === undefined) return completeWithValue(stage, value, onValue);
  try {
    return follow(shape, stage, value, isDirect);
  } catch (error) {
    stage.trace.recorder.reportInternalError('stage end', error);
    return value;
  }
}

function follow(shape: ResultShape, stage: Stage, result: object, isDirect: boolean): unknown {
  stage.holdForUse(isDirect);
  try {
    return shape.follow(result, stage);
  } catch (error) {
    stage.trace.recorder.reportInternalError(`shape ${shape.name}`, error);
    stage.succeed();
    return result;
  }
}

function completeWithValue(stage: Stage, value: unknown, onValue?: ValueListener): unknown {
  try {
    if (onValue !== undefined) onValue(stage, value);
    stage.value(value);
    stage.succeed();
  } catch (error) {
    stage.trace.recorder.reportInternalError('stage end', error);
  }
  return value;
}

function shapeOf(stage: Stage, result: object, last?: ResultShape): ResultShape | undefined {
  try {
    const matches = (shape: ResultShape): boolean => shape.matches(result);
    const known = stage.trace.recorder.shapes.find(matches) ?? BUILT_IN_SHAPES.find(matches);
    return known ?? (last?.matches(result) === true ? last : undefined);
  } catch {
    // A proxy or a getter that throws when it is looked at is left alone: it is a value to us.
    return undefined;
  }
}
