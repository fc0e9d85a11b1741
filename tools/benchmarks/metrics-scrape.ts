// The question: for how long does a scrape of 5,000 series keep the process from its requests?
//
// Each launch is a fresh process: its first scrape is that of a process which has never written one, the others are
// warm. What the start of the process has left behind is collected before: otherwise V8 does so within the first scrape,
// in 3 to 6 ms, because a process that has just been started is about to be collected for the first time.
//
// Printed is the longest stretch in which nothing else could run, measured from outside by a task that is always next in
// turn, in processor time: on a busy machine a wall clock would show for how long the others had the processor. Beside
// it: the same registry written by prom-client's own `metrics()`. And the worst that the bounds allow: 256 routes, with
// requests and streams, and 256 providers, all of them busy in all ten slots of the window, as a scrape and as what
// `/metrics/summary` answers.
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { StageExecution, StageKind } from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- likewise
import { PrometheusSink } from '@followspot/sinks/prometheus';
import { readBenchOptions } from './harness/bench-options.ts';
import { figureOf, launch, median } from './harness/harness.ts';
import { collectAll } from './harness/memory.ts';
import { publish, targetLine } from './harness/page.ts';
import { printProgress, shown } from './harness/report.ts';
import { fixed, tableOf } from './harness/table.ts';

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 6;
const WARM_SCRAPES = 20;
const TARGET_MS = 10;

const WAYS = [
  'ours, text',
  'ours, OpenMetrics',
  'prom-client metrics()',
  'full window, text',
  'full window, summary',
] as const;
type Way = (typeof WAYS)[number];
/** Those that must not keep the process for longer than the target. */
const BOUND_WAYS: readonly Way[] = [
  'ours, text',
  'ours, OpenMetrics',
  'full window, text',
  'full window, summary',
];

/** Longest stretches in milliseconds. */
interface Result {
  readonly series: number;
  readonly firstMs: number;
  readonly warmMs: readonly number[];
}

if (options.mode !== undefined) process.send?.(await scrapeAgain(options.mode as Way));
else await report();

async function report(): Promise<void> {
  const results = await launch<Result, Way>(fileURLToPath(import.meta.url), WAYS, launches, printProgress);
  const inMs = (values: readonly number[]): string => shown(figureOf(values), (value) => fixed(value, 1));
  const firstOf = (way: Way): number[] => results[way].map(({ firstMs }) => firstMs);
  const lines = WAYS.map((way) => [
    way,
    fixed(results[way][0]?.series ?? 0, 0),
    inMs(firstOf(way)),
    inMs(results[way].map(({ warmMs }) => median(warmMs))),
  ]);
  const header = ['', 'series', 'first scrape, ms', 'warm, ms'];
  const worst = BOUND_WAYS.map(firstOf).reduce((one, other) => (median(other) > median(one) ? other : one));
  publish(
    {
      marker: 'metrics-scrape',
      packages: { '@followspot/sinks': 'built from this repository', 'prom-client': '15.1.3' },
      caption: `longest stretch without another turn; medians over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [tableOf(header, lines, (column) => column === 0)],
      targets: [targetLine('The longest stretch is', figureOf(worst), TARGET_MS, 'ms')],
    },
    options.page,
  );
}

async function scrapeAgain(way: Way): Promise<Result> {
  const sink = new PrometheusSink({ registry: new Registry() });
  if (way.startsWith('full window')) fillWindow(sink);
  else fill(sink);
  sink.register();
  const scrape = async (): Promise<string> => {
    if (way === 'prom-client metrics()') return sink.registry.metrics();
    if (way === 'full window, summary') return JSON.stringify(sink.summary());
    return (await sink.scrape(way === 'ours, OpenMetrics' ? 'openmetrics' : 'text')).body;
  };
  await collectAll();
  const firstMs = await longestStretchOf(scrape);
  const warmMs: number[] = [];
  for (let time = 0; time < WARM_SCRAPES; time += 1) warmMs.push(await longestStretchOf(scrape));
  const { body } = await sink.scrape('text');
  const series = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  return { series, firstMs, warmMs };
}

/** 60 routes that have answered requests and streams, and 75 stages, make about 5,000 series. */
function fill(sink: PrometheusSink): void {
  const trace = { traceId: 'f'.repeat(32), threadId: 'f'.repeat(32), keptBecause: 'sampled' } as const;
  for (let n = 0; n < 60; n += 1) {
    const route = `/route/${n}/:id`;
    sink.record(stageOf('request', 'HTTP.1_REQUEST', { method: 'GET', route, statusCode: 200 }), trace);
    sink.record({ ...stageOf('stream', 'HTTP.2_STREAM', { route, events: 1 }), ending: 'completed' }, trace);
  }
  for (let n = 0; n < 75; n += 1) sink.record(stageOf('internal', `${n}.0_WORK`, {}), trace);
}

/** As many labels as the bound allows, each with durations of all lengths in each half minute of the window. */
function fillWindow(sink: PrometheusSink): void {
  const trace = { traceId: 'f'.repeat(32), threadId: 'f'.repeat(32), keptBecause: undefined } as const;
  const now = Date.now();
  for (let slot = 9; slot >= 0; slot -= 1) {
    for (let n = 0; n < 256; n += 1) {
      const route = `/route/${n}/:id`;
      for (const durationMs of [0, 1, 12, 130, 1_500]) {
        const at = { durationMs, startedAt: now - slot * 30_000 - durationMs };
        const request = stageOf('request', 'HTTP.1_REQUEST', { method: 'GET', route, statusCode: 200 });
        sink.record({ ...request, ...at }, trace);
        const stream = stageOf('stream', 'HTTP.2_STREAM', { route, events: 1 });
        sink.record({ ...stream, ...at, ending: 'completed' }, trace);
        const call = stageOf('provider', '5.0_CALL', { provider: `provider-${n}`, model: 'one' });
        sink.record({ ...call, ...at }, trace);
      }
    }
  }
}

function stageOf(kind: StageKind, stageId: string, attributes: StageExecution['attributes']): StageExecution {
  return {
    stageId,
    stageName: 'Work',
    kind,
    outcome: 'ok',
    success: true,
    durationMs: 12,
    selfTimeMs: 12,
    startedAt: Date.now(),
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    attributes,
    metadata: {},
    substages: [],
  };
}

/** The most processor time, in milliseconds, between two turns of the event loop while this work was going on. */
async function longestStretchOf(work: () => Promise<unknown>): Promise<number> {
  let isGoingOn = true;
  let longest = 0;
  let last = processorMs();
  const turn = (): void => {
    const now = processorMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (isGoingOn) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isGoingOn = false;
  turn();
  return longest;
}

/** Of this thread: what garbage collection and compilation do beside it keeps nobody waiting. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
