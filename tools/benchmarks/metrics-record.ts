// The question: what does it cost to count an ended stage, and what would prom-client cost for the same?
//
// Every case records one ended stage per call, as the engine hands them to sinks, over a few stage ids and routes. The
// way of measuring is in `harness/harness.ts`.
import { fileURLToPath } from 'node:url';
import { Histogram, Registry } from 'prom-client';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { Attributes, Sink, StageExecution, StageKind, TraceIdentity } from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- likewise
import { PrometheusSink } from '@followspot/sinks/prometheus';
import { type Case, type CaseResult, launch, measure, rowsOf } from './harness/harness.ts';
import { readBenchOptions } from './harness/bench-options.ts';
import { publish, targetLine } from './harness/page.ts';
import { printProgress, rowTable } from './harness/report.ts';

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 6;
const CALLS = 2_000;
const BARE = 'no sink at all';
const OBSERVE = 'prom-client: one labelled observe';
const STAGE = 'the sink: a stage';
/** 60 ns where an observe takes 325: only the ratio travels. */
const TARGET = 60 / 325;
/** Literals, as they are in a program: V8 compares them by address. */
const STAGE_IDS = [
  '1.0_VALIDATE',
  '2.0_CACHE',
  '3.0_RETRIEVE',
  '4.0_RANK',
  '5.0_PROMPT',
  '6.0_ANSWER',
  '7.0_STORE',
];
const ROUTES = ['/', '/items', '/items/:id', '/items/:id/parts', '/search'];
/** One stage in this many ends in a trace that is kept, as with the default sample rate. */
const KEPT_EVERY = 10;

if (options.mode !== undefined) process.send?.(await measure(cases()));
else await report();

async function report(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const { on } = await launch<CaseResult[], 'on'>(file, ['on'], launches, printProgress);
  const rows = rowsOf(on, BARE, OBSERVE);
  const ratio = rows.find(({ variant }) => variant === STAGE)?.timesLimit;
  if (ratio === undefined) throw new Error('a stage was not measured');
  publish(
    {
      marker: 'metrics-record',
      packages: { '@followspot/sinks': 'built from this repository', 'prom-client': '15.1.3' },
      caption: `medians over ${launches} launches, in parentheses the lowest and the highest launch; the limit is one observe`,
      tables: [rowTable(rows)],
      targets: [targetLine('Counting a stage costs', ratio, TARGET, '× an observe')],
    },
    options.page,
  );
}

function cases(): Case[] {
  const request = { method: 'GET', statusCode: 200 };
  return [
    caseOf(BARE, 'internal', () => ({}), { name: 'none', record: () => {} }),
    caseOf(OBSERVE, 'internal', () => ({}), promClient()),
    caseOf(STAGE, 'internal', () => ({})),
    caseOf('the sink: a cache look-up', 'cache', (n) => ({ cache: 'l1', hit: n % 2 === 0 })),
    caseOf('the sink: a provider call', 'provider', () => ({
      provider: 'openai',
      model: 'small',
      inputTokens: 12,
      outputTokens: 120,
      tokenCost: 0.001,
    })),
    caseOf('the sink: a request', 'request', (n) => ({ ...request, route: ROUTES[n % ROUTES.length] ?? '' })),
  ];
}

/** What prom-client asks for the least of it, a histogram by stage and a counter by outcome left out. */
function promClient(): Sink {
  const registers = [new Registry()];
  const durations = new Histogram({
    name: 'request_stage_duration_ms',
    help: 'x',
    labelNames: ['stage'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    registers,
  });
  return {
    name: 'prom-client',
    record: ({ stageId, durationMs }) => {
      durations.observe({ stage: stageId }, durationMs);
    },
  };
}

function caseOf(
  variant: string,
  kind: StageKind,
  attributesOf: (n: number) => Attributes,
  sink: Sink = new PrometheusSink({ registry: new Registry() }),
): Case {
  const stages = Array.from({ length: 100 }, (_, n) => stageOf(kind, n, attributesOf(n)));
  const traces = Array.from({ length: 100 }, (_, n) => traceOf(n));
  return {
    group: 'ended',
    variant,
    calls: CALLS,
    batch: () => {
      for (let n = 0; n < CALLS; n += 1) {
        const stage = stages[n % 100];
        const trace = traces[n % 100];
        if (stage !== undefined && trace !== undefined) sink.record(stage, trace);
      }
    },
  };
}

function traceOf(n: number): TraceIdentity {
  const traceId = n.toString(16).padStart(32, '0');
  return { traceId, threadId: traceId, keptBecause: n % KEPT_EVERY === 0 ? 'sampled' : undefined };
}

function stageOf(kind: StageKind, n: number, attributes: Attributes): StageExecution {
  return {
    stageId: STAGE_IDS[n % STAGE_IDS.length] ?? '',
    stageName: 'Work',
    kind,
    outcome: 'ok',
    success: true,
    durationMs: n / 3,
    selfTimeMs: n / 3,
    startedAt: Date.now(),
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    attributes,
    metadata: {},
    substages: [],
  };
}
