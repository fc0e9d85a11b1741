import type { Trace } from './trace.js';

/**
 * The traces of a recorder that are open. A list through the traces themselves, because each is put in and taken out, and
 * hardly ever is one of them looked for.
 */
export class OpenTraces {
  #last: Trace | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(trace: Trace): void {
    const last = this.#last;
    trace.openedBefore = last;
    if (last !== undefined) last.openedAfter = trace;
    this.#last = trace;
    this.#count += 1;
  }

  /** Once for each that was added. */
  remove(trace: Trace): void {
    const { openedBefore: before, openedAfter: after } = trace;
    if (before !== undefined) before.openedAfter = after;
    if (after !== undefined) after.openedBefore = before;
    else this.#last = before;
    trace.openedBefore = undefined;
    trace.openedAfter = undefined;
    this.#count -= 1;
  }

  /** The one of this thread id that was opened last. */
  latestOf(threadId: string): Trace | undefined {
    let trace = this.#last;
    while (trace !== undefined && trace.threadId !== threadId) trace = trace.openedBefore;
    return trace;
  }
}
