import { types } from 'node:util';
import type { StageExecution, StageKind, TraceIdentity } from '@followspot/core';
import { copied, isHarmless, isHarmlessId, LONGEST_HARMLESS } from './harmless-text.js';
import type { LoggableOptions } from './loggable.js';

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

/** Characters that no line of a plain stage has, names of fields and what each costs included. */
const LONGEST_LINE = 8 * LONGEST_HARMLESS;
/** Beyond this many they are forgotten and looked at again. */
const MOST = 1_000;

/**
 * Nearly every stage goes well and has no attributes, and its texts are those of the time before: what was looked
 * through once need not be again, and its line neither hides nor cuts anything.
 */
export class PlainStages {
  readonly #mayBe: boolean;
  readonly #heads = new Map<string, Head>();
  /** Lines of a trace often follow one another. */
  #lastId = '';
  /** The attributes of those that have none are one frozen object. */
  #noAttributes: object | undefined;

  constructor({ keys, limits }: LoggableOptions) {
    const names = ['event', 'traceId', 'stage', 'stageName', 'kind', 'durationMs', 'outcome'];
    const isHidden = names.some((name) => keys.hides(name, 'any text'));
    const areBoundsWide = limits.textLength >= LONGEST_HARMLESS && limits.lineLength > LONGEST_LINE;
    this.#mayBe = areBoundsWide && !isHidden;
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
      (traceId === this.#lastId || this.#isPlainId(traceId));
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

  #isPlainId(id: string): boolean {
    if (!isHarmlessId(id)) return false;
    this.#lastId = id;
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

function isPlainText(text: unknown): boolean {
  return typeof text === 'string' && text.length <= LONGEST_HARMLESS && isHarmless(text);
}
