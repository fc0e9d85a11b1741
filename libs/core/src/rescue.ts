import type { KeptBecause, Outcome } from './stage/stage-execution.js';

/** Which traces that the sampler left out are kept all the same, once it is known how they went. */
export interface RescueRules {
  /** Keep traces that ended with the outcome `error`. Default true. */
  readonly failed: boolean;
  /** Keep traces that ended with the outcome `cancelled`, such as a client that left. Default true. */
  readonly abandoned: boolean;
  /**
   * Keep traces that took longer than this many milliseconds: to the first event of a stream, otherwise to the end.
   * Default 1,000; false never rescues for slowness.
   */
  readonly slowMs: number | false;
}

/** The defaults, in one place. */
export const DEFAULT_RESCUE: RescueRules = { failed: true, abandoned: true, slowMs: 1_000 };

/**
 * The rules that an option gives: true or nothing for the defaults, an object to change some, false for no rescue.
 * @throws RangeError when `slowMs` is neither false nor a number of at least 0, or a rule is unknown.
 */
export function rescueRulesOf(option: boolean | Partial<RescueRules> = true): RescueRules | undefined {
  if (option === false) return undefined;
  const given = option === true ? {} : option;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULT_RESCUE, name)) {
      throw new RangeError(
        `rescue.${name} is not a rule; known are ${Object.keys(DEFAULT_RESCUE).join(', ')}`,
      );
    }
  }
  const rules = { ...DEFAULT_RESCUE, ...given };
  if (rules.slowMs !== false && !(rules.slowMs >= 0)) {
    throw new RangeError(
      `rescue.slowMs must be false or a number of at least 0, got ${String(rules.slowMs)}`,
    );
  }
  return rules;
}

/** Why a trace that went like this is rescued, or undefined when it is not. */
export function rescueReason(
  rules: RescueRules | undefined,
  outcome: Outcome,
  answeredAfterMs: number,
): KeptBecause | undefined {
  if (rules === undefined) return undefined;
  if (rules.failed && outcome === 'error') return 'failed';
  if (rules.abandoned && outcome === 'cancelled') return 'abandoned';
  return rules.slowMs !== false && answeredAfterMs > rules.slowMs ? 'slow' : undefined;
}
