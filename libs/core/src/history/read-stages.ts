import { NO_ATTRIBUTES } from '../stage/attributes.js';
import type { Attributes, Metadata, StageExecution } from '../stage/stage-execution.js';
import type { ByteReader } from './byte-reader.js';
import type { Names } from './names.js';
import { readAttributes } from './read-attributes.js';
import {
  ENDING_BITS,
  ENDINGS,
  HAS_ATTRIBUTES,
  HAS_ERROR,
  HAS_METADATA,
  HAS_MORE,
  HAS_ODD_TIMES,
  HAS_SELF_TIME,
  IS_RUNNING,
  MANY_UP,
  OUTCOME_BITS,
  OUTCOMES,
  UP_BITS,
  UP_SHIFT,
} from './record-codes.js';
import type { StageHeads } from './stage-heads.js';
import { wholeMicroseconds } from './whole-microseconds.js';

type Times = Pick<StageExecution, 'startedAt' | 'durationMs' | 'selfTimeMs'>;

/** Reads one tree that `writeStages` has written, up to `end`. */
export class StagesReader {
  #lastStart: number;
  #objectAt = 0;

  /** @param startedAt Of the trace, in epoch milliseconds. */
  constructor(
    private readonly reader: ByteReader,
    private readonly heads: StageHeads,
    private readonly keys: Names,
    private readonly objects: readonly unknown[],
    startedAt: number,
  ) {
    this.#lastStart = Math.max(0, wholeMicroseconds(startedAt));
  }

  /** @param end Where the tree ends. */
  root(end: number): StageExecution | undefined {
    /** Where substages of the last stage and of those above it belong, the outermost first. */
    const above: StageExecution[][] = [[]];
    const [roots] = above;
    while (this.reader.at < end) {
      const flags = this.reader.byte();
      const more = (flags & HAS_MORE) === 0 ? 0 : this.reader.byte();
      const upTo = (flags >>> UP_SHIFT) & UP_BITS;
      above.length -= upTo === MANY_UP ? upTo + this.reader.number() : upTo;
      const substages: StageExecution[] = [];
      above.at(-1)?.push(this.#stage(flags, more, substages));
      above.push(substages);
    }
    return roots?.[0];
  }

  #stage(flags: number, more: number, substages: readonly StageExecution[]): StageExecution {
    const { stageId, stageName, kind, metadata } = this.heads.at(this.reader.number());
    const outcome = OUTCOMES[flags & OUTCOME_BITS] ?? 'ok';
    const { startedAt, durationMs, selfTimeMs } = this.#times(flags);
    const attributes = (flags & HAS_ATTRIBUTES) === 0 ? NO_ATTRIBUTES : this.#attributes();
    const hasError = (more & HAS_ERROR) !== 0;
    return {
      stageId,
      stageName,
      kind,
      outcome,
      success: outcome !== 'error',
      durationMs,
      selfTimeMs,
      startedAt,
      ending: ENDINGS[more & ENDING_BITS],
      errorType: hasError ? (this.#object() as string | undefined) : undefined,
      errorMessage: hasError ? (this.#object() as string | undefined) : undefined,
      errorStatus: hasError ? (this.#object() as number | undefined) : undefined,
      errorCauses: hasError ? (this.#object() as readonly string[] | undefined) : undefined,
      attributes,
      metadata: (more & HAS_METADATA) === 0 ? metadata : (this.#object() as Metadata),
      substages,
      ...((more & IS_RUNNING) === 0 ? undefined : { running: true as const }),
    };
  }

  #attributes(): Attributes {
    return readAttributes(this.reader, this.keys, () => this.#object());
  }

  #times(flags: number): Times {
    if ((flags & HAS_ODD_TIMES) !== 0) {
      return {
        startedAt: this.#object() as number,
        durationMs: this.#object() as number,
        selfTimeMs: this.#object() as number,
      };
    }
    const since = this.reader.number();
    this.#lastStart += since % 2 === 0 ? since / 2 : -(since + 1) / 2;
    const durationMs = this.reader.number() / 1_000;
    const selfTimeMs = (flags & HAS_SELF_TIME) === 0 ? durationMs : this.reader.number() / 1_000;
    return { startedAt: this.#lastStart / 1_000, durationMs, selfTimeMs };
  }

  #object(): unknown {
    const object = this.objects[this.#objectAt];
    this.#objectAt += 1;
    return object;
  }
}
