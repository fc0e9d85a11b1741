/** The answer of `GET /traces/:threadId`, as far as the tests read it. */
export interface Summary {
  readonly traceId: string;
  readonly stageCount: number;
  readonly success: boolean;
  readonly outcome: string;
  readonly keptBecause?: string;
  readonly running: boolean;
  readonly stages: readonly StageNode[];
}

export interface StageNode {
  readonly stageId: string;
  readonly kind: string;
  readonly outcome: string;
  readonly ending?: string;
  readonly errorType?: string;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly substages: readonly StageNode[];
}

/** The stage ids as a tree: `['1.0_A', ['1.1_B']]` is A with the substage B. */
export type Tree = readonly (string | Tree)[];

export function treeOf(stages: readonly StageNode[]): Tree {
  return stages.flatMap(({ stageId, substages }) =>
    substages.length === 0 ? [stageId] : [stageId, treeOf(substages)],
  );
}

/** A stage of the trace, at whatever depth; fails when there is none. */
export function stageOf(summary: Summary, stageId: string): StageNode {
  const found = all(summary.stages).find((stage) => stage.stageId === stageId);
  if (found === undefined)
    throw new Error(`no stage ${stageId} in ${JSON.stringify(treeOf(summary.stages))}`);
  return found;
}

/** All stages of the trace with this id, in the order in which they started. */
export function stagesOf(summary: Summary, stageId: string): StageNode[] {
  return all(summary.stages).filter((stage) => stage.stageId === stageId);
}

function all(stages: readonly StageNode[]): StageNode[] {
  return stages.flatMap((stage) => [stage, ...all(stage.substages)]);
}
