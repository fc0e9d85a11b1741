import { executionSummary, type TraceHeader } from '../trace/execution-summary.js';
import type { ExecutionSummary, StageExecution } from '../stage/stage-execution.js';
import { ByteReader } from './byte-reader.js';
import { GrowingBytes } from './growing-bytes.js';
import { Names } from './names.js';
import { NUMBER_BYTES, putNumber, putText, textBytes } from './put-bytes.js';
import { StagesReader } from './read-stages.js';
import { KEPT_BECAUSE, KEPT_BITS, OTHER_THREAD_ID } from './record-codes.js';
import { StageHeads } from './stage-heads.js';
import { hashOf } from './text-hash.js';
import { writeStages } from './write-stages.js';

const NOTHING: readonly unknown[] = [];

/**
 * Some of the traces in the history, in the order in which they ended, as bytes in columns: what was not forgotten comes
 * back as it was given.
 */
export class HistoryChunk {
  readonly #bytes: GrowingBytes;
  readonly #heads = new StageHeads();
  readonly #attributeKeys = new Names();
  /** Of the thread ids; see {@link lastIndexOf}. */
  readonly #hashes: Uint32Array;
  readonly #startedAt: Float64Array;
  /** Where each trace's bytes end, which is where the next one's begin. */
  readonly #ends: Uint32Array;
  /** What a trace has besides bytes; undefined also where the trace has been forgotten. */
  readonly #objects: (readonly unknown[] | undefined)[] = [];
  #oldest = 0;
  #size = 0;

  /**
   * @param capacity Traces that it takes.
   * @param bytes Room at the start; it grows.
   */
  constructor(
    readonly capacity: number,
    bytes: number,
  ) {
    this.#bytes = new GrowingBytes(bytes);
    this.#hashes = new Uint32Array(capacity);
    this.#startedAt = new Float64Array(capacity);
    this.#ends = new Uint32Array(capacity);
  }

  /** How many traces it has, without the forgotten ones. */
  get size(): number {
    return this.#size;
  }

  /** How many it has had. */
  get added(): number {
    return this.#objects.length;
  }

  /** Of all the traces that it has had. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Writes an ended trace down and keeps neither the trace nor its stages alive. */
  add(trace: TraceHeader, root: StageExecution): void {
    const { threadId, startedAt } = trace;
    const at = this.#objects.length;
    const objects: unknown[] = [];
    // Behind the last trace, also where one could not be written to its end.
    this.#bytes.length = this.#startOf(at);
    this.#putHeader(trace);
    writeStages(root, startedAt, this.#bytes, this.#heads, this.#attributeKeys, objects);
    this.#hashes[at] = hashOf(threadId);
    this.#startedAt[at] = startedAt;
    this.#ends[at] = this.#bytes.length;
    this.#objects.push(objects.length === 0 ? NOTHING : objects);
    this.#size += 1;
    if (at + 1 < this.capacity) return;
    this.#bytes.trim();
    this.#heads.seal();
    this.#attributeKeys.seal();
  }

  /** The place of the last trace with this thread id before the given place; -1 when there is none. */
  lastIndexOf(threadId: string, hash: number, before: number): number {
    for (let at = before - 1; at >= this.#oldest; at -= 1) {
      if (this.#hashes[at] !== hash || this.#objects[at] === undefined) continue;
      if (this.#readerOf(at).threadId === threadId) return at;
    }
    return -1;
  }

  /** @param at A place that {@link lastIndexOf} has answered. */
  summaryAt(at: number): ExecutionSummary | undefined {
    const objects = this.#objects[at];
    if (objects === undefined) return undefined;
    const { reader, flags, droppedStages, threadId } = this.#readerOf(at);
    const traceId = (flags & OTHER_THREAD_ID) === 0 ? threadId : reader.text();
    const startedAt = this.#startedAt[at] ?? 0;
    const keptBecause = KEPT_BECAUSE[flags & KEPT_BITS];
    const root = new StagesReader(reader, this.#heads, this.#attributeKeys, objects, startedAt).root(
      this.#ends[at] ?? 0,
    );
    const header = { traceId, threadId, startedAt, droppedStages, keptBecause };
    return root === undefined ? undefined : executionSummary(header, root, false);
  }

  /** Forgets the trace at this place and wipes it out; it stays a place. */
  forget(at: number): void {
    this.#bytes.bytes.fill(0, this.#startOf(at), this.#ends[at]);
    this.#release(at);
  }

  /** Forgets the trace that has been there for longest. */
  forgetOldest(): void {
    while (this.#oldest < this.added && this.#objects[this.#oldest] === undefined) this.#oldest += 1;
    this.#release(this.#oldest);
  }

  #release(at: number): void {
    if (this.#objects[at] === undefined) return;
    this.#objects[at] = undefined;
    this.#size -= 1;
  }

  #putHeader({ traceId, threadId, droppedStages, keptBecause }: TraceHeader): void {
    const isOther = threadId !== traceId;
    const room = 1 + NUMBER_BYTES + textBytes(threadId) + (isOther ? textBytes(traceId) : 0);
    let at = this.#bytes.length;
    const bytes = this.#bytes.reserve(at, room);
    at = putNumber(bytes, at, KEPT_BECAUSE.indexOf(keptBecause) | (isOther ? OTHER_THREAD_ID : 0));
    at = putNumber(bytes, at, droppedStages);
    at = putText(bytes, at, threadId);
    if (isOther) at = putText(bytes, at, traceId);
    this.#bytes.length = at;
  }

  #startOf(at: number): number {
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  #readerOf(at: number): {
    readonly reader: ByteReader;
    readonly flags: number;
    readonly droppedStages: number;
    readonly threadId: string;
  } {
    const reader = new ByteReader(this.#bytes.bytes, this.#startOf(at));
    return { flags: reader.byte(), droppedStages: reader.number(), threadId: reader.text(), reader };
  }
}
