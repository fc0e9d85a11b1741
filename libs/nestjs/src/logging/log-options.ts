import { inspect } from 'node:util';
import type { LogLimits, LogSinkOptions, ObservabilityLoggerOptions } from '@followspot/sinks/log';

/** Which lines are written, and what they may show; every option has a default. */
export interface LogOptions {
  /** `Stage started` (debug) and `Stage completed` (info), of stages that have no line of their own. Default true. */
  readonly stages?: boolean;
  /** The lines of requests, streams, provider calls and cache look-ups. Default true. */
  readonly metrics?: boolean;
  /** Whether the traces that are kept are told, or all. Default `kept`. */
  readonly traces?: 'kept' | 'all';
  /** Whether lines may show what people have typed: values of `q`, `query`, `prompt` and the like. Default false. */
  readonly queryText?: boolean;
  /** Names whose values are secrets, beside those that are known, such as `licenceNumber`. Default none. */
  readonly redactKeys?: readonly string[];
  /** Bounds of one line, see `LogLimits`. */
  readonly limits?: Partial<LogLimits>;
}

/** What the option `log` comes to. */
export type ResolvedLogOptions = LogSinkOptions &
  ObservabilityLoggerOptions & {
    /** Whether stages are told at all; lines that the application writes itself are written in any case. */
    readonly enabled: boolean;
  };

interface Check {
  readonly is: string;
  readonly ok: (value: unknown) => boolean;
}

const FLAG: Check = { is: 'true or false', ok: (value) => typeof value === 'boolean' };
const NAMES: Check = {
  is: 'an array of names',
  ok: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && /[a-z0-9]/i.test(name)),
};

const CHECKS: Record<keyof LogOptions, Check> = {
  stages: FLAG,
  metrics: FLAG,
  traces: { is: "'kept' or 'all'", ok: (value) => value === 'kept' || value === 'all' },
  queryText: FLAG,
  redactKeys: NAMES,
  limits: { is: 'an object of limits', ok: (value) => typeof value === 'object' && value !== null },
};

const LIMITS: Record<keyof LogLimits, Check> = {
  textLength: wholeNumber(16, 1_048_576),
  depth: wholeNumber(1, 32),
  lineLength: wholeNumber(256, 1_048_576),
};

/**
 * The option `log` with its defaults.
 * @throws TypeError naming the option, its value and what is right.
 */
export function logOptionsOf(given: boolean | LogOptions = true): ResolvedLogOptions {
  if (typeof given === 'boolean') return { enabled: given };
  const options = checked('log', given, CHECKS);
  const limits = checked('log.limits', given.limits ?? {}, LIMITS);
  return { ...options, limits, enabled: true };
}

/** As with every option, undefined means not given. */
function checked<T extends object>(place: string, given: T, checks: Record<keyof T, Check>): T {
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of options) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ');
      throw new TypeError(`ObservabilityModule: unknown option ${place}.${name}; known are ${known}`);
    }
    const { is, ok } = checks[name as keyof T];
    if (ok(value)) continue;
    const shown = inspect(value, { depth: 1, breakLength: Infinity });
    throw new TypeError(`ObservabilityModule: option ${place}.${name} must be ${is}, got ${shown}`);
  }
  return Object.fromEntries(options) as T;
}

function wholeNumber(from: number, to: number): Check {
  return {
    is: `a whole number from ${from.toLocaleString('en')} to ${to.toLocaleString('en')}`,
    ok: (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
  };
}
