import type { KeptBecause, Outcome, StreamEnding } from '../stage/stage-execution.js';

// How a stage and a trace are written. Words are numbered by their place in these lists; nothing of it outlives the
// process, so that the order may change.

export const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'cancelled'];

export const KEPT_BECAUSE: readonly (KeptBecause | undefined)[] = [
  undefined,
  'sampled',
  'forced',
  'failed',
  'slow',
  'abandoned',
];

/** Undefined first: most stages are no streams. */
export const ENDINGS: readonly (StreamEnding | undefined)[] = [
  undefined,
  'completed',
  'client_disconnect',
  'server_error',
  'upstream_error',
  'timeout',
  'slow_consumer',
  'shutdown',
];

/** The first byte of a trace: why it was kept, and this. */
export const OTHER_THREAD_ID = 0b1000;
export const KEPT_BITS = 0b0111;

/** The first byte of a stage: its outcome, how many levels up its parent is, and what follows. */
export const OUTCOME_BITS = 0b0000_0011;
export const UP_SHIFT = 2;
export const UP_BITS = 0b11;
/** From this on the rest of the number follows. */
export const MANY_UP = 3;
/** Its self time is not its duration. */
export const HAS_SELF_TIME = 0b0001_0000;
export const HAS_ATTRIBUTES = 0b0010_0000;
/** A second byte follows. */
export const HAS_MORE = 0b0100_0000;
/** Its times are no whole microseconds and stand among the objects. */
export const HAS_ODD_TIMES = 0b1000_0000;

/** The second byte: its ending, and what else there is among the objects. */
export const ENDING_BITS = 0b0000_0111;
export const HAS_ERROR = 0b0000_1000;
export const HAS_METADATA = 0b0001_0000;
export const IS_RUNNING = 0b0010_0000;
