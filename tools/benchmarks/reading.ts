// The question: how long does it take to read what is kept, when that is 100,000 stages?
//
// Reading happens between two requests, so it is the time that matters and not how often it can be done: each figure is the
// median over calls, and beside it the first call, which has not been compiled yet. The history has traces of ten stages,
// whose root is not counted; statistics are asked of a stage id with 10,000 executions, and of one with all 100,000. Beside
// it the same over an array of records, which is what the first idea of an implementation does.
import { fileURLToPath } from 'node:url';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import { ExecutionTracker, Recorder, type StageExecution } from '@followspot/core';
import { readBenchOptions } from './harness/bench-options.ts';
import { type Figure, figureOf, launch, median } from './harness/harness.ts';
import { publish, targetLine } from './harness/page.ts';
import { printProgress, shown } from './harness/report.ts';
import { fixed, tableOf } from './harness/table.ts';
import { ImaginaryClock, stageIdOf, STAGES, TraceMaker } from './traces.ts';

const STAGES_KEPT = 100_000;
const TRACES = STAGES_KEPT / STAGES;
const CALLS = 200;
/** Where a call takes long there are fewer. */
const MOST_MS = 1_000;

const SUMMARY = 'getExecutionSummary';
const STATISTICS = 'getStageStatistics';
const TARGETS_MS = { [SUMMARY]: 0.2, [STATISTICS]: 1 };

/** One thing to read. */
interface Reading {
  readonly what: typeof SUMMARY | typeof STATISTICS;
  readonly of: string;
  /** Whether the targets are about it; what is not is there to compare with. */
  readonly isOurs: boolean;
  /** Reads once and answers how many stages there were. */
  readonly read: () => number;
  /** How many stages there must be. */
  readonly stages: number;
}

/** Milliseconds. */
interface Result {
  readonly what: Reading['what'];
  readonly of: string;
  readonly isOurs: boolean;
  readonly medianMs: number;
  readonly firstMs: number;
}

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 5;

if (options.mode !== undefined) process.send?.(readings().map(measured));
else await report();

async function report(): Promise<void> {
  const { on } = await launch<Result[], 'on'>(
    fileURLToPath(import.meta.url),
    ['on'],
    launches,
    printProgress,
  );
  const figures = (on[0] ?? []).map(({ what, of, isOurs }, index) => {
    const own = on.flatMap((results) => results[index] ?? []);
    const medianMs = figureOf(own.map((result) => result.medianMs));
    return { what, of, isOurs, medianMs, firstMs: figureOf(own.map((result) => result.firstMs)) };
  });
  const inMs = (figure: Figure): string => shown(figure, (value) => fixed(value, 3));
  const lines = figures.map(({ what, of, medianMs, firstMs }) => [what, of, inMs(medianMs), inMs(firstMs)]);
  const targets = ([SUMMARY, STATISTICS] as const).map((what) => {
    const own = figures.filter((figure) => figure.what === what && figure.isOurs);
    const slowest = own.reduce((one, other) => (other.medianMs.median > one.medianMs.median ? other : one));
    return targetLine(`${what} takes at most`, slowest.medianMs, TARGETS_MS[what], 'ms');
  });
  const header = ['', 'of', 'ms', 'first call, ms'];
  publish(
    {
      marker: 'reading',
      packages: { '@followspot/core': 'built from this repository' },
      caption: `${fixed(STAGES_KEPT, 0)} stages kept; medians of up to ${CALLS} calls, over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [tableOf(header, lines, (column) => column < 2)],
      targets,
    },
    options.page,
  );
}

function measured({ what, of, isOurs, read, stages }: Reading): Result {
  const times: number[] = [];
  const endMs = performance.now() + MOST_MS;
  for (let call = 0; call < CALLS && performance.now() < endMs; call += 1) {
    const startMs = performance.now();
    const count = read();
    times.push(performance.now() - startMs);
    if (count !== stages) throw new Error(`${what}, ${of}: ${count} stages instead of ${stages}`);
  }
  return { what, of, isOurs, medianMs: median(times), firstMs: times[0] ?? Number.NaN };
}

function readings(): Reading[] {
  const [kept, ofOne] = [filled(STAGES), filled(1)];
  const summary = (of: string, threadId: string, stages: number): Reading => ({
    what: SUMMARY,
    of,
    isOurs: true,
    read: () => kept.tracker.getExecutionSummary(threadId)?.stageCount ?? 0,
    stages,
  });
  const statistics = (of: string, from: Filled, limit: number | undefined, stages: number): Reading => ({
    what: STATISTICS,
    of,
    isOurs: true,
    read: () => from.tracker.getStageStatistics(stageIdOf(0), limit)?.executionCount ?? 0,
    stages,
  });
  return [
    summary('the trace that ended last', kept.last, STAGES + 1),
    summary('the trace that ended first', kept.first, STAGES + 1),
    summary('a trace that is not there', 'nobody', 0),
    objectSummary(kept),
    statistics('the last 100 executions', kept, undefined, 100),
    statistics('the last 1,000', kept, 1_000, 1_000),
    statistics('10,000 of 100,000, all of one stage', kept, TRACES, TRACES),
    statistics('100,000', ofOne, STAGES_KEPT, STAGES_KEPT),
    objectStatistics(ofOne),
  ];
}

interface Filled {
  readonly tracker: ExecutionTracker;
  /** Thread ids. */
  readonly first: string;
  readonly last: string;
  /** The same stages as objects, with the trace that each is of. */
  readonly records: readonly { readonly stage: StageExecution; readonly threadId: string }[];
}

function filled(stageIds: number): Filled {
  const records: { stage: StageExecution; threadId: string }[] = [];
  const recorder = new Recorder({
    sampleRate: 1,
    clock: new ImaginaryClock(),
    limits: { tracesInHistory: TRACES, executionsPerStatistic: STAGES_KEPT },
    sinks: [{ name: 'keeping', record: (stage, { threadId }) => void records.push({ stage, threadId }) }],
  });
  const maker = new TraceMaker(recorder, stageIds);
  const first = maker.make(1);
  return { tracker: new ExecutionTracker(recorder), first, last: maker.make(TRACES - 1), records };
}

function objectSummary({ records, first }: Filled): Reading {
  const read = (): number => records.filter(({ threadId }) => threadId === first).length;
  return { what: SUMMARY, of: 'the same, in an array of records', isOurs: false, read, stages: STAGES + 1 };
}

function objectStatistics({ records }: Filled): Reading {
  const read = (): number => {
    const own = records.filter(({ stage }) => stage.stageId === stageIdOf(0));
    const sorted = own.map(({ stage }) => stage.durationMs).sort((a, b) => a - b);
    return sorted[Math.ceil(0.95 * sorted.length) - 1] === undefined ? 0 : sorted.length;
  };
  const of = '100,000, in an array of records that is sorted';
  return { what: STATISTICS, of, isOurs: false, read, stages: STAGES_KEPT };
}
