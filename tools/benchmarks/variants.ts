// The variants that need nothing but the project and Node; the peers are in `peers/variants.mjs`.
import { AsyncLocalStorage } from 'node:async_hooks';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import {
  ENABLED_VARIABLE,
  ExecutionTracker,
  type KeptBecause,
  Recorder,
  type RecorderOptions,
  TrackStage,
} from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the same
import { PrometheusSink } from '@followspot/sinks/prometheus';
import { Registry } from 'prom-client';
import type { Service } from './harness/loop.ts';

/** Calls in one trace or below one parent span: fewer than the limit `stagesPerTrace`. */
export const CALLS_PER_TRACE = 500;

/** A service, and where its methods are called. */
export interface Variant {
  readonly name: string;
  readonly service: Service;
  /** Whether every call must leave a record, or none may. */
  readonly records: boolean;
  /** Runs a batch of calls where it belongs, such as in a trace of its own. */
  within<T>(batch: () => T): T;
  /** How many calls of this batch were recorded so far; asked within it. Throws when something else is wrong there. */
  recorded(): number;
  /** What went wrong over all batches. */
  problems(): string[];
}

export const BARE = 'bare';
export const BARE_AGAIN = 'bare, measured again';
export const LIMIT = 'physical limit: 2 clock reads + 1 context run';
export const CLOCKS = 'least of counting: 2 clock reads';
export const SAMPLED = '@TrackStage, sampled';
export const COUNTED = '@TrackStage, sampled out, rescue off, metrics on';
export const DISABLED = '@TrackStage, disabled by the environment';
export const OUTSIDE = '@TrackStage, outside a trace';
export const DISABLED_BESIDE = '@TrackStage, disabled beside an enabled application';
/** The modes of a launch: `off` is a process in which no tracking is ever enabled, `sentry` one in which Sentry is. */
export const MODES = ['on', 'off', 'sentry'] as const;
export type Mode = (typeof MODES)[number];

/** The baseline, the limit, and the module in every way it can be configured. */
export function ownVariants(mode: Mode): Variant[] {
  const disabled = (name: string): Variant => tracked(name, { enabled: false }, 'nothing');
  if (mode === 'off') {
    // All in a trace that records nothing: the trace is the request's cost, asked here is what a method adds to it.
    const tracker = new ExecutionTracker(new Recorder({ enabled: false }));
    const inTrace = (variant: Variant): Variant => ({
      ...variant,
      within: (batch) => tracker.runTrace('0_BATCH', batch),
    });
    const byOption = disabled('@TrackStage, disabled by the option');
    process.env[ENABLED_VARIABLE] = 'false';
    const byEnvironment = disabled(DISABLED);
    return [inTrace(bare(BARE)), inTrace(bare(BARE_AGAIN)), physicalLimit(), byOption, byEnvironment];
  }
  if (mode === 'sentry') {
    return [bare(BARE), bare(BARE_AGAIN), physicalLimit(), tracked(SAMPLED, { sampleRate: 1 }, 'sampled')];
  }
  return [
    bare(BARE),
    bare(BARE_AGAIN),
    physicalLimit(),
    leastOfCounting(),
    tracked(SAMPLED, { sampleRate: 1 }, 'sampled'),
    tracked('@TrackStage, sampled out, rescue on', { sampleRate: 0 }, 'undecided'),
    tracked(
      COUNTED,
      { sampleRate: 0, rescue: false, sinks: [new PrometheusSink({ registry: new Registry() })] },
      'counted',
    ),
    tracked('@TrackStage, sampled out, rescue off', { sampleRate: 0, rescue: false }, 'nothing'),
    outsideTrace(),
    disabled(DISABLED_BESIDE),
  ];
}

class Bare implements Service {
  addNow(n: number): number {
    return n + 1;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the least that an async method can do
  async addLater(n: number): Promise<number> {
    return n + 1;
  }
}

/** The same methods, decorated the way TypeScript does it; Node runs no decorators by itself. */
export function decorated(decoratorOf: (key: keyof Service) => MethodDecorator): Service {
  class Decorated extends Bare {}
  for (const key of ['addNow', 'addLater'] as const) {
    const original = Object.getOwnPropertyDescriptor(Bare.prototype, key);
    if (original === undefined) throw new Error(`no method ${key}`);
    decoratorOf(key)(Decorated.prototype, key, original);
    Object.defineProperty(Decorated.prototype, key, original);
  }
  return new Decorated();
}

function bare(name: string): Variant {
  return {
    name,
    service: new Bare(),
    records: false,
    within: (batch) => batch(),
    recorded: () => 0,
    problems: () => [],
  };
}

/**
 * What no tracker can do without: a clock reading before, one after, and a context for what runs inside. It keeps
 * nothing but a sum and does not even wait for the promise. Its batch runs in a context as well, as theirs do.
 */
function physicalLimit(): Variant {
  const storage = new AsyncLocalStorage<object>();
  const bareService = new Bare();
  const stage = {};
  let spentMs = 0;
  const measured = <T>(call: () => T): T => {
    const startMs = performance.now();
    const result = storage.run(stage, call);
    spentMs += performance.now() - startMs;
    return result;
  };
  return {
    name: LIMIT,
    service: {
      addNow: (n) => measured(() => bareService.addNow(n)),
      addLater: (n) => measured(() => bareService.addLater(n)),
    },
    records: false,
    within: (batch) => storage.run({}, batch),
    recorded: () => {
      if (storage.getStore() === undefined) throw new Error(`${LIMIT}: the batch has no context`);
      return 0;
    },
    problems: () => (spentMs > 0 ? [] : [`${LIMIT}: no time was measured`]),
  };
}

/** What measures time and nothing else. */
function leastOfCounting(): Variant {
  const bareService = new Bare();
  let spentMs = 0;
  const timed = <T>(call: () => T): T => {
    const startMs = performance.now();
    const result = call();
    spentMs += performance.now() - startMs;
    return result;
  };
  return {
    ...bare(CLOCKS),
    service: {
      addNow: (n) => timed(() => bareService.addNow(n)),
      addLater: (n) => timed(() => bareService.addLater(n)),
    },
    problems: () => (spentMs > 0 ? [] : [`${CLOCKS}: no time was measured`]),
  };
}

/**
 * A recorder with its own configuration, everything else by default: history and statistics on, no sinks. The history
 * is cut to 20 traces of 500 stages, as much as 1,000 requests of ten stages leave.
 */
function tracked(
  name: string,
  options: RecorderOptions,
  expected: 'sampled' | 'undecided' | 'counted' | 'nothing',
): Variant {
  const recorder = new Recorder({ ...options, limits: { tracesInHistory: 20 } });
  const tracker = new ExecutionTracker(recorder);
  const keptBecause: KeptBecause | undefined = expected === 'sampled' ? 'sampled' : undefined;
  return {
    name,
    service: decorated(stageOf),
    records: expected === 'sampled' || expected === 'undecided',
    within: (batch) => tracker.runTrace('0_BATCH', batch),
    recorded: () => {
      const { threadId } = tracker;
      if (threadId === undefined) throw new Error(`${name}: there is no trace here`);
      const summary = tracker.getExecutionSummary(threadId);
      if (summary?.keptBecause !== keptBecause)
        throw new Error(`${name}: kept because ${String(keptBecause)}?`);
      return summary === undefined ? 0 : summary.stageCount - 1;
    },
    problems: () => {
      const isHistoryRight = recorder.history.size > 0 === (expected === 'sampled');
      const { historyTraces: _intended, ...drops } = tracker.getDropCounts();
      const dropped = Object.entries(drops).filter(([, count]) => count > 0);
      const statistics = tracker.getStageStatistics('1_ADD_NOW');
      const isCountRight = (statistics !== undefined) === (expected !== 'nothing');
      return [
        ...(isCountRight ? [] : [`${name}: executions were counted: ${String(statistics !== undefined)}`]),
        ...dropped.map(([what, count]) => `${name}: ${count} ${what} were dropped`),
        ...(isHistoryRight ? [] : [`${name}: the history has ${recorder.history.size} traces`]),
      ];
    },
  };
}

function outsideTrace(): Variant {
  const name = OUTSIDE;
  const tracker = new ExecutionTracker(new Recorder());
  return {
    ...bare(name),
    service: decorated(stageOf),
    recorded: () => {
      if (tracker.traceId !== undefined) throw new Error(`${name}: there is a trace here`);
      return 0;
    },
  };
}

function stageOf(key: keyof Service): MethodDecorator {
  return TrackStage(key === 'addNow' ? '1_ADD_NOW' : '2_ADD_LATER') as MethodDecorator;
}
