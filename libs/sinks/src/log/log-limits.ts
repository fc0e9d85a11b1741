/** Bounds of one log line. What is beyond them is cut, says so, and is counted in `getDropCounts().logValues`. */
export interface LogLimits {
  /** Characters of one text. Default 2,048. */
  readonly textLength: number;
  /** Objects inside one another. Default 5. */
  readonly depth: number;
  /** Characters of all that a line says, keys and values together. Default 16,384. */
  readonly lineLength: number;
}

/** The defaults, in one place. */
export const DEFAULT_LOG_LIMITS: LogLimits = { textLength: 2_048, depth: 5, lineLength: 16_384 };
