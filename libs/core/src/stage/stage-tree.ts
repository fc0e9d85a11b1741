import type { Stage } from './stage.js';
import type { StageExecution } from './stage-execution.js';

// Loops, all of them: a tree may be deeper than the stack.

/** A stage and all below it, each after its substages. */
export function deepestFirst(root: Stage): Stage[] {
  const stages: Stage[] = [];
  const pending: Stage[] = [root];
  for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
    stages.push(stage);
    for (const substage of stage.substages) pending.push(substage);
  }
  return stages.reverse();
}

/** How many stages a tree has. */
export function countOf(root: StageExecution): number {
  let count = 1;
  const pending = [root];
  for (let stage = pending.pop(); stage !== undefined; stage = pending.pop()) {
    count += stage.substages.length;
    for (const substage of stage.substages) if (substage.substages.length > 0) pending.push(substage);
  }
  return count;
}

/** A copy for readers while the trace runs; what is still open says so and has its duration so far. */
export function snapshotOf(root: Stage, now: number): StageExecution {
  const copies: StageExecution[] = [];
  const pending: [Stage, StageExecution[]][] = [[root, copies]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [stage, siblings] = next;
    const substages: StageExecution[] = [];
    siblings.push(stage.copySoFar(now, substages));
    for (const substage of stage.substages.toReversed()) {
      if (!substage.isUnused) pending.push([substage, substages]);
    }
  }
  return copies[0] ?? root;
}
