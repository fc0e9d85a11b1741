import { PendingCall } from './pending-call.js';
import type { Stage } from '../stage/stage.js';
import type { StageDefinition } from '../stage/stage-definition.js';

/**
 * The calls of one trace that have returned a promise and are counted when it settles. Whatever has to know what is
 * running (an abort, the end of the trace, somebody who has it kept) makes stages of them first. A list through the
 * calls themselves, because each is put in and taken out.
 */
export class PendingCalls {
  #last: PendingCall | undefined;
  /** Calls that were counted and wait to be used again, the latest first; a list through `before`. */
  #idle: PendingCall | undefined;

  /**
   * A call that is to be put in or given back.
   * @param root The root of the trace, which only its own calls are counted below.
   */
  take(root: Stage, definition: StageDefinition, startMs: number): PendingCall {
    const call = this.#idle;
    if (call === undefined) return new PendingCall(this, root, definition, startMs);
    this.#idle = call.before;
    call.begin(definition, startMs);
    return call;
  }

  /** Takes back a call of which nobody will hear again. */
  giveBack(call: PendingCall): void {
    call.before = this.#idle;
    this.#idle = call;
  }

  add(call: PendingCall): void {
    const last = this.#last;
    call.before = last;
    if (last !== undefined) last.after = call;
    this.#last = call;
  }

  remove(call: PendingCall): void {
    const { before, after } = call;
    if (before !== undefined) before.after = after;
    if (after !== undefined) after.before = before;
    else this.#last = before;
    call.before = undefined;
    call.after = undefined;
  }

  /** Makes a stage of every one, in the order of the calls. */
  promote(): void {
    let first = this.#last;
    while (first?.before !== undefined) first = first.before;
    for (let call = first; call !== undefined;) {
      const { after } = call;
      call.promote();
      call = after;
    }
  }
}
