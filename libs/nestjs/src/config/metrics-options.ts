import { inspect } from 'node:util';
import type { CanActivate, Type } from '@nestjs/common';
import { type GenAiNaming, genAiNamingIn } from '@followspot/sinks/gen-ai';

/** prom-client's `Registry`; named by what is used of it, because prom-client may not be installed. */
export interface MetricsRegistryOption {
  readonly contentType: string;
  getSingleMetric(name: string): object | undefined;
  removeSingleMetric(name: string): void;
  getMetricsAsArray(): object[];
  registerMetric(metric: never): void;
  metrics(): Promise<string>;
}

/** Options of the metrics; every one has a default. */
export interface MetricsOptions {
  /**
   * Whether there are metrics. Default: true where this object is given, and otherwise where prom-client is installed.
   * True without prom-client stops the start.
   */
  readonly enabled?: boolean;
  /**
   * Where Prometheus finds them, whatever the global prefix. `health` and `summary` are below it. A route of the
   * application with the same path comes first. Default `/metrics`.
   */
  readonly path?: string;
  /**
   * Asked before the three endpoints answer: a guard, or the class of one, which is taken from the application or made
   * with its dependencies. Global guards are not asked. Default: everybody may read.
   */
  readonly guard?: CanActivate | Type<CanActivate>;
  /** prom-client's registry. Default: its global one, which `@willsoto/nestjs-prometheus` uses too. */
  readonly registry?: MetricsRegistryOption;
  /** Different values of one label; what comes later counts as `other`. Default 256. */
  readonly labelValues?: number;
  /** Different combinations of labels of one metric; what comes later counts as `other`. Default 1,000. */
  readonly labelSets?: number;
  /**
   * Shows calls of providers also under OpenTelemetry's names, `gen_ai_client_…`: those of semantic conventions 1.41, the
   * latest, or both; about 90 series for each model and set. Default: `latest` where the environment variable
   * `OTEL_SEMCONV_STABILITY_OPT_IN` contains `gen_ai_latest_experimental`, otherwise not at all, which is `false`.
   */
  readonly genAi?: GenAiNaming | false;
}

/** Options in which the defaults have been put that do not depend on what is installed. */
export type ResolvedMetricsOptions = Omit<MetricsOptions, 'enabled' | 'genAi'> &
  Required<Pick<MetricsOptions, 'path'>> & {
    /** Undefined where it depends on what is installed. */
    readonly enabled: boolean | undefined;
    /** Undefined where no further names are wanted. */
    readonly genAi?: GenAiNaming | undefined;
  };

const CHECKS: Record<
  keyof MetricsOptions,
  { readonly is: string; readonly ok: (value: unknown) => boolean }
> = {
  enabled: { is: 'true or false', ok: (value) => typeof value === 'boolean' },
  path: {
    is: 'a path of letters, digits and ._~- that begins with a slash, such as /metrics',
    ok: (value) => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value),
  },
  guard: { is: 'a guard or the class of one', ok: (value) => canActivate(value) || isGuardClass(value) },
  registry: {
    is: 'a Registry of prom-client',
    ok: (value) => hasMethod(value, 'registerMetric') && hasMethod(value, 'metrics'),
  },
  labelValues: { is: 'a whole number from 1 to 100,000', ok: isBound },
  labelSets: { is: 'a whole number from 1 to 100,000', ok: isBound },
  genAi: {
    is: "'v1.41', 'latest', 'both' or false",
    ok: (value) => ['v1.41', 'latest', 'both', false].includes(value as string | false),
  },
};

/**
 * The defaults with the given values put in, and the environment's.
 * @throws TypeError naming the option, its value and what is right.
 */
export function metricsOptionsOf(
  given: MetricsOptions | undefined,
  environment: NodeJS.ProcessEnv,
): ResolvedMetricsOptions {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(CHECKS, name)) {
      const known = Object.keys(CHECKS).join(', ');
      throw new TypeError(`ObservabilityModule: unknown option metrics.${name}; known are ${known}`);
    }
    const check = CHECKS[name as keyof MetricsOptions];
    if (value !== undefined && !check.ok(value)) {
      throw new TypeError(
        `ObservabilityModule: option metrics.${name} must be ${check.is}, got ${inspect(value, { depth: 1 })}`,
      );
    }
  }
  const { genAi = genAiNamingIn(environment), ...others } = given ?? {};
  return {
    ...others,
    ...(genAi !== undefined && genAi !== false && { genAi }),
    enabled: given === undefined ? undefined : (given.enabled ?? true),
    path: given?.path ?? '/metrics',
  };
}

function isBound(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100_000;
}

function canActivate(value: unknown): boolean {
  return hasMethod(value, 'canActivate');
}

function isGuardClass(value: unknown): boolean {
  return typeof value === 'function' && canActivate(value.prototype);
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function';
}
