import type { Outcome } from './stage-execution.js';

/**
 * Told what passes through a stage: for kinds of work whose record is made of what was produced and not only of how
 * long it took. Made once per stage, where the stage is declared to have one. Must not throw.
 */
export interface StageListener {
  /** The work has produced one piece of its result: a step of an iterator, a value of an Observable. */
  chunk(value: unknown): void;
  /** The work came to a value that is no stream. */
  value(value: unknown): void;
  /** The stage is about to end; attributes can still be set. Returns the outcome, which it may know better. */
  ends(outcome: Outcome): Outcome;
}
