import type { StageExecution } from '@followspot/core';

/**
 * The id of the innermost stage below `record` that was running during at least half of an interval (epoch
 * milliseconds); among stages beside each other the one that started last. Undefined when there was none: the stream
 * itself was waiting, or what it waited for is not a stage.
 */
export function stageDuring(record: StageExecution, from: number, to: number): string | undefined {
  let found: StageExecution | undefined;
  for (let next = latest(record, from, to); next !== undefined; next = latest(next, from, to)) found = next;
  return found?.stageId;
}

function latest(parent: StageExecution, from: number, to: number): StageExecution | undefined {
  let found: StageExecution | undefined;
  for (const stage of parent.substages) {
    const shared = Math.min(stage.startedAt + stage.durationMs, to) - Math.max(stage.startedAt, from);
    if (shared < (to - from) / 2) continue;
    if (found === undefined || stage.startedAt >= found.startedAt) found = stage;
  }
  return found;
}
