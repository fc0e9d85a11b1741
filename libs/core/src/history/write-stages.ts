import { NO_ATTRIBUTES } from '../stage/attributes.js';
import type { Outcome, StageExecution } from '../stage/stage-execution.js';
import type { GrowingBytes } from './growing-bytes.js';
import type { Names } from './names.js';
import { NUMBER_BYTES, putNumber } from './put-bytes.js';
import {
  ENDINGS,
  HAS_ATTRIBUTES,
  HAS_ERROR,
  HAS_METADATA,
  HAS_MORE,
  HAS_ODD_TIMES,
  HAS_SELF_TIME,
  IS_RUNNING,
  MANY_UP,
  OUTCOMES,
  UP_SHIFT,
} from './record-codes.js';
import type { StageHeads } from './stage-heads.js';
import { wholeMicroseconds } from './whole-microseconds.js';
import { writeAttributes } from './write-attributes.js';

/** The most bytes that a stage takes: two of flags and five numbers. */
const STAGE_BYTES = 2 + 5 * NUMBER_BYTES;

/** The substages above the one that is being written, and how far they are; shared, as writing is never interrupted. */
const above: (readonly StageExecution[])[] = [];
const written: number[] = [];
const NONE: readonly StageExecution[] = [];

/**
 * Writes a tree, each stage before its substages and these in their order: mostly six to eight bytes for each. What is
 * rare goes among the objects, in the order in which it will be read. A loop: a tree may be deeper than the stack.
 * @param startedAt Of the trace, in epoch milliseconds.
 */
export function writeStages(
  root: StageExecution,
  startedAt: number,
  to: GrowingBytes,
  heads: StageHeads,
  keys: Names,
  objects: unknown[],
): void {
  let at = to.length;
  let lastStart = Math.max(0, wholeMicroseconds(startedAt));
  let lastDepth = -1;
  let depth = 0;
  let siblings: readonly StageExecution[] = [root];
  let index = 0;
  for (;;) {
    const stage = siblings[index];
    if (stage === undefined) {
      if (depth === 0) break;
      depth -= 1;
      siblings = above[depth] ?? NONE;
      index = written[depth] ?? 0;
      above[depth] = NONE;
      continue;
    }
    index += 1;

    const bytes = to.reserve(at, STAGE_BYTES);
    const start = wholeMicroseconds(stage.startedAt);
    const duration = wholeMicroseconds(stage.durationMs);
    const isAllSelf = stage.selfTimeMs === stage.durationMs;
    const selfTime = isAllSelf ? duration : wholeMicroseconds(stage.selfTimeMs);
    const areOdd = start < 0 || duration < 0 || selfTime < 0;
    const hasAttributes = stage.attributes !== NO_ATTRIBUTES;
    const head = heads.of(stage);
    const more = moreOf(stage, stage.metadata !== head.metadata);
    const up = lastDepth + 1 - depth;
    bytes[at] =
      codeOf(stage.outcome) |
      (Math.min(up, MANY_UP) << UP_SHIFT) |
      (isAllSelf ? 0 : HAS_SELF_TIME) |
      (hasAttributes ? HAS_ATTRIBUTES : 0) |
      (more === 0 ? 0 : HAS_MORE) |
      (areOdd ? HAS_ODD_TIMES : 0);
    at += 1;
    if (more !== 0) at = putNumber(bytes, at, more);
    if (up >= MANY_UP) at = putNumber(bytes, at, up - MANY_UP);
    at = putNumber(bytes, at, head.number);
    if (areOdd) {
      objects.push(stage.startedAt, stage.durationMs, stage.selfTimeMs);
    } else {
      const since = start - lastStart;
      at = putNumber(bytes, at, since < 0 ? -2 * since - 1 : 2 * since);
      at = putNumber(bytes, at, duration);
      if (!isAllSelf) at = putNumber(bytes, at, selfTime);
      lastStart = start;
    }
    if (hasAttributes) at = writeAttributes(stage.attributes, at, to, keys, objects);
    if (more !== 0) addRare(stage, more, objects);

    lastDepth = depth;
    if (stage.substages.length === 0) continue;
    above[depth] = siblings;
    written[depth] = index;
    depth += 1;
    siblings = stage.substages;
    index = 0;
  }
  to.length = at;
}

function codeOf(outcome: Outcome): number {
  return outcome === 'ok' ? 0 : OUTCOMES.indexOf(outcome);
}

/** The second byte; 0 for most stages, which have none. */
function moreOf(stage: StageExecution, hasOwnMetadata: boolean): number {
  return (
    (stage.ending === undefined ? 0 : ENDINGS.indexOf(stage.ending)) |
    (stage.errorType === undefined && stage.errorMessage === undefined ? 0 : HAS_ERROR) |
    (hasOwnMetadata ? HAS_METADATA : 0) |
    (stage.running === true ? IS_RUNNING : 0)
  );
}

function addRare(stage: StageExecution, more: number, objects: unknown[]): void {
  if ((more & HAS_ERROR) !== 0) {
    objects.push(stage.errorType, stage.errorMessage, stage.errorStatus, stage.errorCauses);
  }
  if ((more & HAS_METADATA) !== 0) objects.push(stage.metadata);
}
