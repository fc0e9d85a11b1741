import { inspect } from 'node:util';
import type { ObservabilityOptions } from './observability-options.js';

/** What is judged of a stream, with the defaults put in. */
export type StreamOptions = Required<NonNullable<ObservabilityOptions['stream']>>;

const DEFAULTS: StreamOptions = { stallFactor: 5, stallFloorMs: 500 };

const CHECKS: Record<keyof StreamOptions, { readonly is: string; readonly ok: (value: unknown) => boolean }> =
  {
    stallFactor: {
      is: 'a number of at least 1',
      ok: (value) => Number.isFinite(value) && Number(value) >= 1,
    },
    stallFloorMs: {
      is: 'a number of milliseconds of at least 0',
      ok: (value) => Number.isFinite(value) && Number(value) >= 0,
    },
  };

/**
 * The defaults with the given values put in.
 * @throws TypeError naming the option, its value and what is right.
 */
export function streamOptionsOf(given: ObservabilityOptions['stream'] = {}): StreamOptions {
  const options = { ...DEFAULTS };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, name)) {
      const known = Object.keys(CHECKS).join(', ');
      throw new TypeError(`ObservabilityModule: unknown option stream.${name}; known are ${known}`);
    }
    const key = name as keyof StreamOptions;
    // As with every option, undefined means not given.
    if ((value as unknown) === undefined) continue;
    if (!CHECKS[key].ok(value)) {
      throw new TypeError(
        `ObservabilityModule: option stream.${name} must be ${CHECKS[key].is}, got ${inspect(value, { depth: 1 })}`,
      );
    }
    options[key] = value;
  }
  return options;
}
