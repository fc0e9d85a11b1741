import type { DropCounts } from '../drop-counts.js';
import type { TraceHeader } from '../trace/execution-summary.js';
import type { ExecutionSummary, StageExecution } from '../stage/stage-execution.js';
import { HistoryChunk } from './history-chunk.js';
import { hashOf } from './text-hash.js';

/** Traces in a chunk: what is shared by the traces of one weighs little, and a chunk is freed as a whole. */
const MOST_TRACES = 128;
/** Of the history: what is freed late is to be little of it. */
const CHUNK_SHARE = 1 / 8;
/** Room of the first chunk; the others take the one before as an example. */
const FIRST_BYTES = 4_096;

/**
 * The bounded memory of ended traces. When it is full, the oldest makes room and is counted. Traces are kept as bytes
 * and become stage executions again when they are read, each time new ones.
 */
export class History {
  /** The oldest first; the last one is being filled. */
  readonly #chunks: HistoryChunk[] = [];
  readonly #chunkTraces: number;
  #size = 0;

  /** @param limit Traces kept. */
  constructor(
    readonly limit: number,
    private readonly drops: DropCounts,
  ) {
    this.#chunkTraces = Math.min(MOST_TRACES, Math.ceil(limit * CHUNK_SHARE));
  }

  get size(): number {
    return this.#size;
  }

  /** Takes in a trace that has ended, with all its stages. */
  add(trace: TraceHeader, root: StageExecution): void {
    this.#current().add(trace, root);
    this.#size += 1;
    if (this.#size <= this.limit) return;
    this.#chunks[0]?.forgetOldest();
    this.#size -= 1;
    this.drops.historyTraces += 1;
    this.#removeEmpty(0);
  }

  /** The trace of this thread id that ended last. Traces that share a thread id are never merged. */
  latest(threadId: string): ExecutionSummary | undefined {
    const hash = hashOf(threadId);
    for (let index = this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index];
      const at = chunk?.lastIndexOf(threadId, hash, chunk.added) ?? -1;
      if (at !== -1) return chunk?.summaryAt(at);
    }
    return undefined;
  }

  /** Forgets all ended traces of a thread id and says how many there were. */
  clear(threadId: string): number {
    const hash = hashOf(threadId);
    const sizeBefore = this.#size;
    for (let index = this.#chunks.length - 1; index >= 0; index -= 1) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) continue;
      let at = chunk.lastIndexOf(threadId, hash, chunk.added);
      for (; at !== -1; at = chunk.lastIndexOf(threadId, hash, at)) {
        chunk.forget(at);
        this.#size -= 1;
      }
      this.#removeEmpty(index);
    }
    return sizeBefore - this.#size;
  }

  /** The chunk that the next trace goes into. */
  #current(): HistoryChunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.added < last.capacity) return last;
    const chunk = new HistoryChunk(this.#chunkTraces, last?.byteLength ?? FIRST_BYTES);
    this.#chunks.push(chunk);
    return chunk;
  }

  /** What has been filled and is empty goes. */
  #removeEmpty(index: number): void {
    const chunk = this.#chunks[index];
    if (chunk?.size === 0 && chunk.added === chunk.capacity) this.#chunks.splice(index, 1);
  }
}
