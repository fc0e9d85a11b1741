import type { Metadata, StageExecution, StageKind } from '../stage/stage-execution.js';

/** What many executions of a stage have in common. */
export interface StageHead {
  readonly stageId: string;
  readonly stageName: string;
  readonly kind: StageKind;
  /** Of the first execution; those that have another say so. */
  readonly metadata: Metadata;
  readonly number: number;
  /** Another one with the same name. */
  readonly next: StageHead | undefined;
}

/** Numbers the heads of stages, so that a stage need only tell the number. */
export class StageHeads {
  readonly #heads: StageHead[] = [];
  /** By name, because of names there may be more than of ids: that of a request has its route. */
  #byName = new Map<string, StageHead>();

  /** The head of a stage, which is a new one if need be. */
  of({ stageId, stageName, kind, metadata }: StageExecution): StageHead {
    const first = this.#byName.get(stageName);
    for (let head = first; head !== undefined; head = head.next) {
      if (head.stageId === stageId && head.kind === kind) return head;
    }
    const head = { stageId, stageName, kind, metadata, number: this.#heads.length, next: first };
    this.#heads.push(head);
    this.#byName.set(stageName, head);
    return head;
  }

  /** @throws RangeError when no head has this number. */
  at(number: number): StageHead {
    const head = this.#heads[number];
    if (head === undefined) throw new RangeError(`there is no stage head ${number}`);
    return head;
  }

  /** No further stages will come: gives back what was only needed to find their heads. */
  seal(): void {
    this.#byName = new Map();
  }
}
