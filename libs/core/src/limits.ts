/** Every bound of the engine. What a bound turns away is counted under its name, see `DropCounts`. */
export interface Limits {
  /** Stages recorded per trace; further ones run as plain calls. Default 1,000. */
  readonly stagesPerTrace: number;
  /**
   * Stages inside one another; deeper ones run as plain calls. Default 100. A tracked call takes ten times the stack of
   * a plain one, so without this bound tracking would overflow where the recursion alone does not.
   */
  readonly stageDepth: number;
  /** Traces open at the same time; further ones get an id and are not recorded. Default 10,000. */
  readonly openTraces: number;
  /** Ended traces in the history; the oldest makes room. Default 1,000. */
  readonly tracesInHistory: number;
  /** Different stage ids; further ones are recorded as `other`. Default 256. */
  readonly stageIds: number;
  /** Attributes per stage. Default 32. */
  readonly attributesPerStage: number;
  /** Characters of an attribute's key, its value and an error message; longer ones are cut. Default 256. */
  readonly attributeLength: number;
  /** Characters of a recorded prompt or answer, where `captureContent` is on; longer ones are cut. Default 4,096. */
  readonly contentLength: number;
  /** Different names of caches of which it is known what their hits save; those of further ones do not say. Default 100. */
  readonly cacheNames: number;
  /** Latest executions per stage id that percentiles are taken from. Default 1,000. */
  readonly executionsPerStatistic: number;
}

/** The defaults, in one place. */
export const DEFAULT_LIMITS: Limits = {
  stagesPerTrace: 1_000,
  stageDepth: 100,
  openTraces: 10_000,
  tracesInHistory: 1_000,
  stageIds: 256,
  attributesPerStage: 32,
  attributeLength: 256,
  contentLength: 4_096,
  cacheNames: 100,
  executionsPerStatistic: 1_000,
};

/**
 * The defaults with the given values put in.
 * @throws RangeError when a name is unknown or a value is not a whole number from 1 to 10 million.
 */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      const known = Object.keys(DEFAULT_LIMITS).join(', ');
      throw new RangeError(`limits.${name} is not a limit; known are ${known}`);
    }
    if (!Number.isInteger(value) || value < 1 || value > 10_000_000) {
      throw new RangeError(
        `limits.${name} must be a whole number from 1 to 10,000,000, got ${String(value)}`,
      );
    }
  }
  return { ...DEFAULT_LIMITS, ...given };
}
