// The question: what does the line of an ended stage cost, and what does pino take for a line with four fields?
//
// Every case records one ended stage per call, as the engine hands them to sinks. Lines are made and dropped: where
// they go costs the same whoever has made them. The way of measuring is in `harness/harness.ts`.
import { fileURLToPath } from 'node:url';
import { type DestinationStream, pino } from 'pino';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { Attributes, Sink, StageExecution, StageKind, TraceIdentity } from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- likewise
import { LogSink, type LogWriter, ObservabilityLogger } from '@followspot/sinks/log';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the form of a line is nobody's interface
import { textWriter } from '../../libs/nestjs/src/logging/text-writer.ts';
import { type Case, type CaseResult, launch, measure, rowsOf } from './harness/harness.ts';
import { readBenchOptions } from './harness/bench-options.ts';
import { publish, targetLine } from './harness/page.ts';
import { printProgress, rowTable } from './harness/report.ts';

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 6;
const CALLS = 500;
const BARE = 'no line at all';
const PINO = 'pino: one info line with four fields';
const FIELDS = 'pino: one info line with the fields of a stage';
const STAGE = 'a stage';
const TARGET = 1.5;
const JSON_GROUP = 'JSON';
const TEXT_GROUP = 'text';

/** Literals, as they are in a program. */
const STAGE_IDS = ['1.0_VALIDATE', '2.0_CACHE', '3.0_RETRIEVE', '4.0_RANK', '5.0_PROMPT', '6.0_ANSWER'];

/** Each trace is a new one: that an id has been seen before is true of this many lines. */
const STAGES_OF_A_TRACE = 10;

/** As the engine hands it over: one frozen object for all stages that have none. */
const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Takes a line and drops it, as fast as can be. */
const NOWHERE: DestinationStream = { write: () => {} };

if (options.mode !== undefined) process.send?.(await measure(cases()));
else await report();

async function report(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const { on } = await launch<CaseResult[], 'on'>(file, ['on'], launches, printProgress);
  const rows = rowsOf(on, BARE, PINO);
  const targets = [JSON_GROUP, TEXT_GROUP].map((group) => {
    const row = rows.find((one) => one.group === group && one.variant === STAGE);
    if (row?.timesLimit === undefined) throw new Error(`a stage was not measured as ${group}`);
    return targetLine(`The line of a stage, as ${group}, costs`, row.timesLimit, TARGET, '× a line of pino');
  });
  publish(
    {
      marker: 'log-line',
      packages: { '@followspot/sinks': 'built from this repository', pino: '10.4.0' },
      caption: `medians over ${launches} launches, in parentheses the lowest and the highest launch; the limit is a line of pino`,
      tables: [rowTable(rows)],
      targets,
    },
    options.page,
  );
}

function cases(): Case[] {
  return [
    ...casesOf(JSON_GROUP, new LogSink(new ObservabilityLogger(pino({ level: 'info' }, NOWHERE)))),
    ...casesOf(TEXT_GROUP, new LogSink(new ObservabilityLogger(textNowhere()))),
  ];
}

function casesOf(group: string, sink: Sink): Case[] {
  const request = { method: 'GET', route: '/items/:id', statusCode: 200 };
  return [
    caseOf(group, BARE, 'internal', () => NO_ATTRIBUTES, { name: 'none', record: () => {} }),
    caseOf(group, PINO, 'internal', () => NO_ATTRIBUTES, plainPino()),
    caseOf(group, FIELDS, 'internal', () => NO_ATTRIBUTES, pinoOfStage()),
    caseOf(group, STAGE, 'internal', () => NO_ATTRIBUTES, sink),
    caseOf(group, 'a stage with attributes', 'retrieval', (n) => ({ results: n, index: 'parts' }), sink),
    caseOf(group, 'a cache look-up', 'cache', (n) => ({ cache: 'l1', hit: n % 2 === 0 }), sink),
    caseOf(group, 'a provider call', 'provider', providerAttributes, sink),
    caseOf(group, 'a request', 'request', () => ({ ...request, handler: 'Items.one' }), sink),
  ];
}

function providerAttributes(n: number): Attributes {
  const used = { inputTokens: n, outputTokens: 120, tokenCost: 0.001, apiCost: 0 };
  return { provider: 'openai', model: 'small', ...used, operation: 'chat', chunks: 99 };
}

/** What an application would write by hand about the same stage. */
function plainPino(): Sink {
  const logger = pino({ level: 'info' }, NOWHERE);
  return {
    name: 'pino',
    record: ({ stageId: stage, durationMs, outcome }, { traceId }) => {
      logger.info({ traceId, stage, durationMs, outcome }, 'Stage completed');
    },
  };
}

/** What is left to say where nothing is bounded or looked through. */
function pinoOfStage(): Sink {
  const logger = pino({ level: 'info' }, NOWHERE);
  return {
    name: 'pino',
    record: ({ stageId: stage, stageName, kind, durationMs, outcome }, { traceId }) => {
      logger.info(
        { event: 'stage', traceId, stage, stageName, kind, durationMs, outcome },
        'Stage completed',
      );
    },
  };
}

/** The text alone: what Nest's own logger makes of it is not ours. */
function textNowhere(): LogWriter {
  const taken = { characters: 0 };
  const take = (text: string): void => {
    taken.characters += text.length;
  };
  return textWriter({ debug: take, log: take, warn: take, error: take }, 'Followspot');
}

function caseOf(
  group: string,
  variant: string,
  kind: StageKind,
  attributesOf: (n: number) => Attributes,
  sink: Sink,
): Case {
  const stages = Array.from({ length: 100 }, (_, n) => stageOf(kind, n, attributesOf(n)));
  let traces = 0;
  return {
    group,
    variant,
    calls: CALLS,
    batch: () => {
      let trace = traceOf(traces);
      for (let n = 0; n < CALLS; n += 1) {
        if (n % STAGES_OF_A_TRACE === 0) trace = traceOf((traces += 1));
        const stage = stages[n % 100];
        if (stage !== undefined) sink.record(stage, trace);
      }
    },
  };
}

function traceOf(n: number): TraceIdentity {
  const traceId = n.toString(16).padStart(32, '0');
  return { traceId, threadId: traceId, keptBecause: 'sampled' };
}

function stageOf(kind: StageKind, n: number, attributes: Attributes): StageExecution {
  return {
    stageId: kind === 'request' ? 'HTTP.1_REQUEST' : (STAGE_IDS[n % STAGE_IDS.length] ?? ''),
    stageName: 'Work',
    kind,
    outcome: 'ok',
    success: true,
    durationMs: n / 8,
    selfTimeMs: n / 8,
    startedAt: Date.now(),
    ending: undefined,
    errorType: undefined,
    errorMessage: undefined,
    attributes,
    metadata: {},
    substages: [],
  };
}
