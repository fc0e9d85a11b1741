// The question: does what a million requests leave behind go away?
//
// Each launch is a fresh process that makes one million traces of ten stages through the engine, with statistics and
// metrics; every label and every id has been seen when the heap is first measured, and the history is full. The second
// part asks the same of a Nest application and fewer requests over HTTP, where Node's own buffers and caches take part:
// the bare application beside it says how much of it is theirs.
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import { Recorder } from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- likewise
import { PrometheusSink } from '@followspot/sinks/prometheus';
import { readBenchOptions } from './harness/bench-options.ts';
import { type Figure, figureOf, launch } from './harness/harness.ts';
import type { RequestDrive } from './servers/http-client.ts';
import { inLaunch, REQUEST_FILES } from './servers/http-launch.ts';
import { STAGED } from './servers/http-routes.ts';
import { ALL_KEPT, BARE, DEFAULTS, REQUEST_VARIANTS } from './servers/http-variants.ts';
import { usedBytes } from './harness/memory.ts';
import { publish, targetLine } from './harness/page.ts';
import { printProgress, printStep, shown } from './harness/report.ts';
import { fixed, tableOf } from './harness/table.ts';
import { STAGES_PER_TRACE, TraceMaker } from './traces.ts';

const WARM_UP = 20_000;
/** The engine: sample rates by the name of the row. */
const WAYS: Readonly<Record<string, number>> = {
  'engine and metrics, one trace in ten kept': 0.1,
  'engine and metrics, every trace kept': 1,
};
/** The applications. */
const VARIANTS = [BARE, DEFAULTS, ALL_KEPT];
const CONNECTIONS = 24;
const TARGET_MB = 1;

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 2;
const traces = options.isQuick ? 100_000 : 1_000_000;
const requests = options.isQuick ? 5_000 : 50_000;

/** In bytes. */
interface Heap {
  readonly before: number;
  readonly after: number;
}

interface Row {
  readonly name: string;
  readonly count: number;
  readonly heaps: readonly Heap[];
}

if (options.mode !== undefined) process.send?.(await makeTraces(WAYS[options.mode] ?? 1));
else await report();

async function report(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const ways = Object.keys(WAYS);
  const ofEngine = await launch<Heap, string>(file, ways, launches, printProgress);
  const engine = ways.map((name): Row => ({ name, count: traces, heaps: ofEngine[name] ?? [] }));
  const applications = await measureApplications();
  const lines = [...engine, ...applications].map(({ name, count, heaps }) => [
    name,
    fixed(count, 0),
    shown(figureOf(heaps.map(({ before }) => before / 1_000_000)), inMb),
    shown(figureOf(heaps.map(({ after }) => after / 1_000_000)), inMb),
    shown(growthOf(heaps), inMb),
  ]);
  const header = ['', 'requests', 'heap before, MB', 'heap after, MB', 'growth, MB'];
  publish(
    {
      marker: 'million-requests',
      packages: { '@followspot/nestjs': 'built from this repository', 'prom-client': '15.1.3' },
      ownLoad: 'up to 2',
      caption: `heap and typed arrays after garbage collection, ${fixed(STAGES_PER_TRACE, 0)} stages a request; medians over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [tableOf(header, lines, (column) => column === 0)],
      targets: engine.map(({ name, count, heaps }) =>
        targetLine(`${name}: ${fixed(count, 0)} leave behind`, growthOf(heaps), TARGET_MB, 'MB'),
      ),
    },
    options.page,
  );
}

function growthOf(heaps: readonly Heap[]): Figure {
  return figureOf(heaps.map(({ before, after }) => (after - before) / 1_000_000));
}

function inMb(value: number): string {
  return fixed(value, 2);
}

async function makeTraces(sampleRate: number): Promise<Heap> {
  const sink = new PrometheusSink({ registry: new Registry() });
  const recorder = new Recorder({ sampleRate, sinks: [sink] });
  const maker = new TraceMaker(recorder);
  maker.make(WARM_UP);
  const before = await usedBytes();
  maker.make(traces);
  const after = await usedBytes();
  if (recorder.history.size !== recorder.limits.tracesInHistory) throw new Error('the history is not full');
  const counted = sink.summary().traces.all;
  if (counted !== WARM_UP + traces) throw new Error(`metrics have ${counted} traces`);
  return { before, after };
}

async function measureApplications(): Promise<Row[]> {
  const variants = new Map([...REQUEST_VARIANTS].filter(([name]) => VARIANTS.includes(name)));
  return inLaunch(REQUEST_FILES, variants, 'express', async ({ servers, client }) => {
    const rows: Row[] = [];
    for (const [index, { variant, port, process }] of servers.entries()) {
      const isTraced = variant !== BARE;
      const drive = (count: number): Promise<unknown> => {
        const { path, body } = STAGED;
        const asked: RequestDrive = { port, path, body, isTraced, requests: count, atOnce: CONNECTIONS };
        return client.ask('drive', asked);
      };
      const heapBytes = async (): Promise<number> =>
        (await process.ask<{ heapBytes: number }>('memory')).heapBytes;
      printStep(`${fixed(requests, 0)} requests to "${variant}"`, index === servers.length - 1);
      await drive(WARM_UP);
      const before = await heapBytes();
      await drive(requests);
      rows.push({ name: `Nest, ${variant}`, count: requests, heaps: [{ before, after: await heapBytes() }] });
    }
    return rows;
  });
}
