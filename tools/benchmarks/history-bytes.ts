// The question: how much memory does a stage take that has ended and is kept?
//
// Each launch is a fresh process that keeps traces in one way, each trace a root with ten stages. Counted is what is in use
// after garbage collection, typed arrays included, with the traces less without them, by all their stages: what a trace
// takes for itself (ids, the index) is in it, and so is the room that is reserved and not used yet. All durations are
// those of one imaginary clock, from 16 µs to a second.
import { fileURLToPath } from 'node:url';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import { type Attributes, Recorder, type StageExecution } from '@followspot/core';
import { readBenchOptions } from './harness/bench-options.ts';
import { figureOf, launch } from './harness/harness.ts';
import { usedBytes } from './harness/memory.ts';
import { publish, targetLine } from './harness/page.ts';
import { missingPeers, peerVersions } from './peers.ts';
import { printProgress, shown } from './harness/report.ts';
import { fixed, tableOf } from './harness/table.ts';
import { ImaginaryClock, STAGES_PER_TRACE, TraceMaker } from './traces.ts';

/** Made before, so that what is made once is there. */
const WARM_UP_TRACES = 1_000;
const TRACES = 10_000;
const TARGET = 40;
const STRETCH = 16;

const HISTORY = 'the history';
const OPEN_TELEMETRY = 'OpenTelemetry: ReadableSpans in an array';
/** How traces are kept, and what makes and keeps one more trace. */
const WAYS: Readonly<Record<string, () => Keeper | Promise<Keeper>>> = {
  'columns of numbers, made for this': columns,
  [HISTORY]: () => history(),
  'the history, three attributes on each stage': () => history(threeAttributes),
  'objects with seven fields, in an array': leanObjects,
  'stage executions, kept by a sink': executions,
  [OPEN_TELEMETRY]: spans,
};

/** Keeps traces for as long as it lives. */
interface Keeper {
  add(traces: number): void;
  /** Stages that it keeps. */
  readonly kept: number;
}

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 3;

if (options.mode !== undefined) process.send?.(await bytesPerStage(options.mode));
else await report();

async function report(): Promise<void> {
  const ways = Object.keys(WAYS).filter((way) => way !== OPEN_TELEMETRY || missingPeers() === undefined);
  const results = await launch<number, string>(fileURLToPath(import.meta.url), ways, launches, printProgress);
  const ofHistory = figureOf(results[HISTORY] ?? []);
  const lines = ways.map((way) => {
    const figure = figureOf(results[way] ?? []);
    const ratio = figure.median / ofHistory.median;
    return [way, shown(figure, (value) => fixed(value, 1)), fixed(ratio, 1)];
  });
  publish(
    {
      marker: 'history-bytes',
      packages: { '@followspot/core': 'built from this repository', ...peerVersions() },
      caption: `${fixed(TRACES, 0)} traces of ${STAGES_PER_TRACE} stages; medians over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [tableOf(['kept as', 'bytes per stage', '× the history'], lines, (column) => column === 0)],
      targets: [
        targetLine('An ended stage without attributes takes', ofHistory, TARGET, 'bytes'),
        targetLine('As a stretch it takes', ofHistory, STRETCH, 'bytes'),
      ],
    },
    options.page,
  );
}

async function bytesPerStage(way: string): Promise<number> {
  const keeper = await WAYS[way]?.();
  if (keeper === undefined) throw new Error(`there is no way "${way}"`);
  keeper.add(WARM_UP_TRACES);
  const keptBefore = keeper.kept;
  const before = await usedBytes();
  keeper.add(TRACES);
  const bytes = (await usedBytes()) - before;
  const kept = keeper.kept - keptBefore;
  if (kept !== TRACES * STAGES_PER_TRACE) throw new Error(`"${way}" has kept ${kept} stages`);
  return bytes / kept;
}

function history(attributesOf?: (count: number) => Attributes): Keeper {
  const tracesInHistory = WARM_UP_TRACES + TRACES;
  const clock = new ImaginaryClock();
  const recorder = new Recorder({ sampleRate: 1, clock, limits: { tracesInHistory } });
  const maker = new TraceMaker(recorder);
  let last = '';
  return {
    add: (traces) => {
      last = maker.make(traces, attributesOf);
    },
    get kept() {
      return recorder.history.size * (recorder.history.latest(last)?.stageCount ?? 0);
    },
  };
}

/** Two that many stages share, and one of its own. */
function threeAttributes(count: number): Attributes {
  return { cache: 'l1', hit: count % 2 === 0, key: `item:${count}` };
}

/** Stage executions as sinks get them; what the history was made of before it was made of bytes. */
function executions(): Keeper {
  const kept: StageExecution[] = [];
  const sink = { name: 'keeping', record: (stage: StageExecution) => void kept.push(stage) };
  const limits = { tracesInHistory: 1 };
  const maker = new TraceMaker(
    new Recorder({ sampleRate: 1, clock: new ImaginaryClock(), limits, sinks: [sink] }),
  );
  return {
    add: (traces) => void maker.make(traces),
    get kept() {
      return kept.length;
    },
  };
}

/** What one would write down of a stage at least, an object each. */
function leanObjects(): Keeper {
  const kept: object[] = [];
  const lean = (stage: StageExecution, traceId: string): object => ({
    traceId,
    stageId: stage.stageId,
    outcome: stage.outcome,
    startedAt: stage.startedAt,
    durationMs: stage.durationMs,
    selfTimeMs: stage.selfTimeMs,
    substages: undefined,
  });
  const maker = new TraceMaker(
    new Recorder({
      sampleRate: 1,
      clock: new ImaginaryClock(),
      limits: { tracesInHistory: 1 },
      sinks: [{ name: 'lean', record: (stage, { traceId }) => void kept.push(lean(stage, traceId)) }],
    }),
  );
  return {
    add: (traces) => void maker.make(traces),
    get kept() {
      return kept.length;
    },
  };
}

/** What typed arrays of whole microseconds would take that are just as long: no ids, no self times, no errors. */
function columns(): Keeper {
  const kept: object[] = [];
  let stages = 0;
  return {
    add: (traces) => {
      const length = traces * STAGES_PER_TRACE;
      stages += length;
      const [startedAt, duration] = [new Uint32Array(length).fill(1), new Uint32Array(length).fill(1)];
      kept.push({
        startedAt,
        duration,
        id: new Uint8Array(length).fill(1),
        parent: new Uint8Array(length).fill(1),
      });
    },
    get kept() {
      return kept.length === 0 ? 0 : stages;
    },
  };
}

async function spans(): Promise<Keeper> {
  // A name in a variable: the file is typed only where the peers are installed.
  const file = './peers/kept-spans.mjs';
  const { keptSpans } = (await import(file)) as { keptSpans: (stages: number) => Keeper };
  return keptSpans(STAGES_PER_TRACE);
}
