import { meterOfCache } from '../cache/cache-meter.js';
import { type ProviderCall, providerCallProblem } from '../provider/provider-call.js';
import { meterOfProvider, withProvider } from '../provider/with-provider.js';
import type { StageListener } from './stage-listener.js';
import type { Stage } from './stage.js';
import type { StageCount } from '../counting/stage-counts.js';
import type { LatestExecutions } from '../statistics/stage-statistics.js';
import { type StageIds, stageIdProblem, stageNameOf } from './stage-id.js';
import { type Attributes, type Metadata, STAGE_KINDS, type StageKind } from './stage-execution.js';

/** What is known of a stage where it is declared; made once, shared by its executions. */
export interface StageDefinition {
  /** Matches `STAGE_ID_PATTERN`; what does not is recorded as `other`. */
  readonly stageId: string;
  /** For people. */
  readonly stageName: string;
  readonly kind: StageKind;
  /** Handed to every execution as it is. */
  readonly metadata: Metadata;
  /** Keeps the whole trace when this stage runs. */
  readonly force: boolean;
  /** Whether a lazy thenable that the work returns is followed by a stand-in. */
  readonly followThenable: boolean;
  /** The set of stage ids that has admitted its id, so that it need not be asked again. */
  admittedBy?: StageIds | undefined;
  /** Set by what counts executions that are not recorded, so that it need not look itself up. */
  lastCount?: StageCount | undefined;
  /** Set by the statistics for the same reason. */
  latest?: LatestExecutions | undefined;
  /** Makes what listens to each execution; most stages have none. */
  readonly listener?: ((stage: Stage) => StageListener) | undefined;
  /** What remains of the definition when a stage has ended, which may be kept for long. Default: all of it. */
  readonly afterEnd?: StageDefinition | undefined;
  /** The definition for a call with these arguments, where they decide what it is. */
  readonly forCall?: ((args: readonly unknown[]) => StageDefinition) | undefined;
}

/** What may be said of a stage beside its id. `V` is the value that its work comes to, `A` the arguments. */
export interface StageOptions<V = unknown, A extends readonly unknown[] = readonly unknown[]> {
  /** For people. Default: derived from the id, `2.0_CACHE_LOOKUP` gives `Cache Lookup`. */
  readonly name?: string;
  /** What the stage is; sinks derive from it. Default `internal`, and `provider` where that option is given. */
  readonly kind?: StageKind;
  /** What is known beforehand, the same for every execution. Default empty. */
  readonly metadata?: Metadata;
  /** Keeps the whole trace when this stage runs, whatever the sampler says. Default false. */
  readonly force?: boolean;
  /**
   * Follows a lazy thenable (a query builder, which does nothing until it is awaited): one stage for each `then`, until
   * it settles. The caller then gets a stand-in that behaves like the thenable in everything but its identity (`===`,
   * `WeakMap` keys). Default false: the thenable is returned untouched, and only its making is recorded. With the kind
   * `provider` the default is true, because the promises of SDKs are such thenables.
   */
  readonly followThenable?: boolean;
  /**
   * Makes this a stage of kind `provider`, which reads the chunks of the answer as they pass and records what they say:
   * tokens, cost, when they came. Either what is called, or a function that reads it off the arguments. Default for the
   * kind `provider`: the same is recorded, and who is called is what the application sets as attributes.
   */
  readonly provider?: ProviderCall | ((...args: A) => ProviderCall);
  /**
   * Attributes read off the value that the work came to (after the promise, if there is one) and the arguments. Not
   * called when the work fails or its result is a stream; what it throws is counted and stays here.
   */
  readonly attributes?: (value: V, ...args: A) => Attributes;
}

const NO_METADATA: Metadata = Object.freeze({});

/** What makes the record of kinds of which more is known than how long they took. */
const LISTENERS: Partial<Record<StageKind, StageDefinition['listener']>> = {
  cache: meterOfCache,
  provider: meterOfProvider,
};

/** The shared definition of a stage. Its id is taken as it is: what is malformed runs under the id `other`. */
export function stageDefinition(
  stageId: string,
  options: Omit<StageOptions<never, never>, 'attributes'> = {},
): StageDefinition {
  const kind = options.kind ?? (options.provider === undefined ? 'internal' : 'provider');
  const definition: StageDefinition = {
    stageId,
    stageName: options.name ?? (typeof stageId === 'string' ? stageNameOf(stageId.slice(0, 64)) : 'Other'),
    kind,
    metadata: options.metadata ?? NO_METADATA,
    force: options.force ?? false,
    followThenable: options.followThenable ?? kind === 'provider',
    admittedBy: undefined,
    lastCount: undefined,
    latest: undefined,
    listener: LISTENERS[kind],
  };
  return withProvider(definition, options.provider);
}

/**
 * Definitions of stages of which nothing is said but their ids. They are shared: to derive a name takes longer than to
 * record a stage.
 */
export class PlainDefinitions {
  readonly #known = new Map<string, StageDefinition>();

  /** @param limit How many are remembered. */
  constructor(readonly limit: number) {}

  of(stageId: string): StageDefinition {
    return this.#known.get(stageId) ?? this.#make(stageId);
  }

  #make(stageId: string): StageDefinition {
    const definition = stageDefinition(stageId);
    if (this.#known.size < this.limit) this.#known.set(stageId, definition);
    return definition;
  }
}

/**
 * The same for code that is being set up, where a mistake should be loud.
 * @throws TypeError when the id is malformed, the kind unknown or not that of the provider, `provider` malformed or
 * `followThenable` not a boolean.
 */
export function checkedStageDefinition(
  stageId: string,
  options: Omit<StageOptions<never, never>, 'attributes'> = {},
): StageDefinition {
  const problem = stageIdProblem(stageId);
  if (problem !== undefined) throw new TypeError(problem);
  if (options.kind !== undefined && !STAGE_KINDS.includes(options.kind)) {
    throw new TypeError(
      `stage ${stageId}: kind must be one of ${STAGE_KINDS.join(', ')}, got ${options.kind as string}`,
    );
  }
  const { provider } = options;
  if (provider !== undefined && options.kind !== undefined && options.kind !== 'provider') {
    throw new TypeError(
      `stage ${stageId}: the option provider is for the kind provider, got ${options.kind}`,
    );
  }
  const callProblem =
    provider === undefined || typeof provider === 'function' ? undefined : providerCallProblem(provider);
  if (callProblem !== undefined) throw new TypeError(`stage ${stageId}: ${callProblem}`);
  if (!['undefined', 'boolean'].includes(typeof options.followThenable)) {
    throw new TypeError(
      `stage ${stageId}: followThenable must be true or false, got ${String(options.followThenable)}`,
    );
  }
  return stageDefinition(stageId, options);
}
