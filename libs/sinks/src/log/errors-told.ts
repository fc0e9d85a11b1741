import type { TraceIdentity } from '@followspot/core';

/** Errors remembered of one trace; with more of them, one may be told twice. */
const MOST_ERRORS = 32;

/** Which errors of a trace have a line already: an error passes through every stage that it makes fail. */
export class ErrorsTold {
  readonly #told = new WeakMap<TraceIdentity, Set<string>>();

  /** Whether this is the first time that the trace fails with this error; remembers it. */
  isNew(trace: TraceIdentity, type: string, message: string): boolean {
    let told = this.#told.get(trace);
    if (told === undefined) this.#told.set(trace, (told = new Set()));
    const error = `${type}: ${message}`;
    if (told.has(error)) return false;
    if (told.size >= MOST_ERRORS) told.clear();
    told.add(error);
    return true;
  }
}
