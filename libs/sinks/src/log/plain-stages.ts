import { types } from 'node:util';
import type { StageExecution, StageKind, TraceIdentity } from '@followspot/core';
import { copied } from './harmless-text.js';
import type { LoggableOptions } from './loggable.js';
import { isPlainText, mayBePlain, type PlainIds } from './plain-texts.js';

/** The fields of the line of a stage of which only is to be said how long it took. */
interface PlainStageFields {
  readonly event: 'stage';
  readonly traceId: string;
  readonly stage: string;
  readonly stageName: string;
  readonly kind: string;
  readonly durationMs: number;
  readonly outcome: 'ok';
}

/** What is said of a stage at each of its ends. */
type Head = Pick<StageExecution, 'stageId' | 'stageName' | 'kind'>;

const FIELDS = ['event', 'traceId', 'stage', 'stageName', 'kind', 'durationMs', 'outcome'];
/** Beyond this many they are forgotten and looked at again. */
const MOST = 1_000;

/**
 * Nearly every stage goes well and has no attributes, and its texts are those of the time before: what was looked
 * through once need not be again, and its line neither hides nor cuts anything.
 */
export class PlainStages {
  readonly #mayBe: boolean;
  readonly #heads = new Map<string, Head>();
  readonly #ids: PlainIds;
  /** The attributes of those that have none are one frozen object. */
  #noAttributes: object | undefined;

  constructor(options: LoggableOptions, ids: PlainIds) {
    this.#mayBe = mayBePlain(FIELDS, options);
    this.#ids = ids;
  }

  /** The fields of its line; undefined where something has to be looked at. */
  fieldsOf(stage: StageExecution, { traceId, threadId }: TraceIdentity): PlainStageFields | undefined {
    const { durationMs, outcome, ending, errorType, attributes } = stage;
    const isPlain =
      this.#mayBe &&
      outcome === 'ok' &&
      ending === undefined &&
      errorType === undefined &&
      threadId === traceId &&
      Number.isFinite(durationMs) &&
      (attributes === this.#noAttributes || this.#areNone(attributes)) &&
      this.#ids.isPlain(traceId);
    const head = isPlain ? this.#headOf(stage) : undefined;
    if (head === undefined) return undefined;
    const { stageId, stageName, kind } = head;
    return { event: 'stage', traceId, stage: stageId, stageName, kind, durationMs, outcome: 'ok' };
  }

  #areNone(attributes: object): boolean {
    if (types.isProxy(attributes) || Object.keys(attributes).length > 0) return false;
    if (Object.isFrozen(attributes)) this.#noAttributes = attributes;
    return true;
  }

  #headOf({ stageId, stageName, kind }: Head): Head | undefined {
    const head = this.#heads.get(stageId);
    if (head !== undefined && head.stageName === stageName && head.kind === kind) return head;
    return [stageId, stageName, kind].every(isPlainText)
      ? this.#remember(stageId, stageName, kind)
      : undefined;
  }

  #remember(stageId: string, stageName: string, kind: StageKind): Head {
    const head = { stageId: copied(stageId), stageName: copied(stageName), kind };
    if (this.#heads.size >= MOST) this.#heads.clear();
    this.#heads.set(head.stageId, head);
    return head;
  }
}
