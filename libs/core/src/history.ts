import type { DropCounts } from './drop-counts.js';
import type { ExecutionSummary } from './stage-execution.js';

/** The bounded memory of ended traces. When it is full, the oldest makes room and is counted. */
export class History {
  /** In the order in which the traces ended: a Set keeps it and forgets a member in constant time. */
  readonly #summaries = new Set<ExecutionSummary>();
  readonly #byThread = new Map<string, readonly ExecutionSummary[]>();

  /** @param limit Traces kept. */
  constructor(
    readonly limit: number,
    private readonly drops: DropCounts,
  ) {}

  get size(): number {
    return this.#summaries.size;
  }

  add(summary: ExecutionSummary): void {
    this.#summaries.add(summary);
    this.#byThread.set(summary.threadId, [...(this.#byThread.get(summary.threadId) ?? []), summary]);
    if (this.#summaries.size <= this.limit) return;
    const [oldest] = this.#summaries;
    if (oldest === undefined) return;
    this.#forget(oldest);
    this.drops.historyTraces += 1;
  }

  /** The trace of this thread id that ended last. Traces that share a thread id are never merged. */
  latest(threadId: string): ExecutionSummary | undefined {
    return this.#byThread.get(threadId)?.at(-1);
  }

  /** Forgets all ended traces of a thread id and says how many there were. */
  clear(threadId: string): number {
    const summaries = this.#byThread.get(threadId) ?? [];
    for (const summary of summaries) this.#summaries.delete(summary);
    this.#byThread.delete(threadId);
    return summaries.length;
  }

  #forget(summary: ExecutionSummary): void {
    this.#summaries.delete(summary);
    const others = (this.#byThread.get(summary.threadId) ?? []).filter((other) => other !== summary);
    if (others.length === 0) this.#byThread.delete(summary.threadId);
    else this.#byThread.set(summary.threadId, others);
  }
}
