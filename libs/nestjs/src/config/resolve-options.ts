import { inspect } from 'node:util';
import { DEFAULT_SAMPLE_RATE, ENABLED_VARIABLE } from '@followspot/core';
import { logOptionsOf, type ResolvedLogOptions } from '../logging/log-options.js';
import { metricsOptionsOf, type ResolvedMetricsOptions } from './metrics-options.js';
import type { ObservabilityOptions } from './observability-options.js';
import { checkedProviderOptions } from '../provider/provider-options.js';
import { type StreamOptions, streamOptionsOf } from './stream-options.js';

/** The environment variables, under the reference's names. */
export { ENABLED_VARIABLE };
export const SAMPLE_RATE_VARIABLE = 'EXECUTION_TRACKING_SAMPLE_RATE';

/** Options in which the environment has been taken into account. */
export type ResolvedOptions = Omit<ObservabilityOptions, 'log' | 'metrics'> &
  Required<Pick<ObservabilityOptions, 'enabled' | 'sampleRate'>> & {
    readonly log: ResolvedLogOptions;
    readonly stream: StreamOptions;
    readonly metrics: ResolvedMetricsOptions;
  };

/** What each option must be; an option that is not here is a typing mistake. */
const CHECKS: Record<
  keyof ObservabilityOptions,
  { readonly is: string; readonly ok: (value: unknown) => boolean }
> = {
  enabled: { is: 'true or false', ok: (value) => typeof value === 'boolean' },
  sampleRate: { is: 'a number from 0 to 1', ok: isRate },
  rescue: {
    is: 'true, false or an object of rules',
    ok: (value) => typeof value === 'boolean' || isObject(value),
  },
  force: { is: 'a function of the request', ok: isFunction },
  threadId: { is: 'a function of the request', ok: isFunction },
  log: {
    is: 'true, false or an object with stages, metrics, traces and others',
    ok: (value) => typeof value === 'boolean' || isObject(value),
  },
  sinks: { is: 'an array of sinks, each with a name and a record method', ok: isSinks },
  limits: { is: 'an object of limits', ok: isObject },
  stream: { is: 'an object with stallFactor, stallFloorMs or both', ok: isObject },
  metrics: { is: 'an object with enabled, path, guard and others', ok: isObject },
  provider: { is: 'an object of provider options', ok: isObject },
  abortGraceMs: { is: 'a number of milliseconds from 0 to 3,600,000', ok: isTimeout },
  closeTimeoutMs: { is: 'a number of milliseconds from 0 to 3,600,000', ok: isTimeout },
  clock: { is: 'an object with the methods now and wallNow', ok: isClock },
};

/**
 * Takes the environment into account where an option is not given, and refuses what cannot be meant.
 * @throws TypeError naming the option or variable, its value and what is right.
 */
export function resolveOptions(given: ObservabilityOptions, environment: NodeJS.ProcessEnv): ResolvedOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TypeError(
        `ObservabilityModule: unknown option ${name}; known are ${Object.keys(CHECKS).join(', ')}`,
      );
    }
    const check = CHECKS[name as keyof ObservabilityOptions];
    if (value !== undefined && !check.ok(value)) {
      throw new TypeError(`ObservabilityModule: option ${name} must be ${check.is}, got ${show(value)}`);
    }
  }
  if (given.provider !== undefined) checkedProviderOptions(given.provider);
  return {
    ...given,
    enabled: given.enabled ?? enabledOf(environment),
    sampleRate: given.sampleRate ?? sampleRateOf(environment),
    log: logOptionsOf(given.log),
    stream: streamOptionsOf(given.stream),
    metrics: metricsOptionsOf(given.metrics, environment),
  };
}

function enabledOf(environment: NodeJS.ProcessEnv): boolean {
  const value = environment[ENABLED_VARIABLE];
  if (value === undefined) return true;
  const normalised = value.trim().toLowerCase();
  if (normalised === 'true' || normalised === '1') return true;
  if (normalised === 'false' || normalised === '0') return false;
  throw new TypeError(`${ENABLED_VARIABLE} must be true or false, got ${show(value)}`);
}

/** Stricter than `Number`, which reads '' as 0 and '0x1' as 1: either would silently sample nothing or everything. */
function sampleRateOf(environment: NodeJS.ProcessEnv): number {
  const value = environment[SAMPLE_RATE_VARIABLE];
  if (value === undefined) return DEFAULT_SAMPLE_RATE;
  const rate = /^(\d+\.?\d*|\.\d+)$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (isRate(rate)) return rate;
  throw new TypeError(
    `${SAMPLE_RATE_VARIABLE} must be a number from 0.0 to 1.0, such as 0.1 for 10 %, got ${show(value)}`,
  );
}

function isRate(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** An hour, as the recorder has it. */
function isTimeout(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 3_600_000;
}

function isClock(value: unknown): boolean {
  const { now, wallNow } = (value ?? {}) as { now?: unknown; wallNow?: unknown };
  return isFunction(now) && isFunction(wallNow);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSinks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((sink: unknown) => {
      const { name, record } = (sink ?? {}) as { name?: unknown; record?: unknown };
      return typeof name === 'string' && typeof record === 'function';
    })
  );
}

function show(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : inspect(value, { depth: 1, breakLength: Infinity });
}
