// The question: what does the module add to a stream of 20 events, from the request to the end of the answer?
import { type Launch, inLaunch, SSE_FILES } from './servers/http-launch.ts';
import { readHttpOptions } from './servers/http-options.ts';
import { figure, publish, ratiosTo, remark, variantTable } from './servers/http-report.ts';
import { targetLine } from './harness/page.ts';
import { type Measured, measureTurns, type Turns } from './servers/http-turns.ts';
import { BARE_AGAIN, DEFAULTS, LIMIT, VARIANTS } from './servers/http-variants.ts';
import { printStep } from './harness/report.ts';
import type { Drive } from './servers/sse-client.ts';
import { EVENTS } from './servers/sse-streams.ts';

interface Route {
  readonly path: string;
  readonly title: string;
  /** As many as keep a processor busy. */
  readonly atOnce: number;
  readonly turns: Turns;
}

const options = readHttpOptions();
const { isQuick } = options;
const launches = isQuick ? 1 : 4;
/** One after the other in the same processes: what the first has warmed up, the second need not. */
const ROUTES: readonly Route[] = [
  {
    path: '/burst',
    title: 'an Observable that emits all events at once',
    atOnce: 32,
    turns: isQuick
      ? { warmUpRounds: 20, rounds: 10, answers: 100 }
      : { warmUpRounds: 150, rounds: 40, answers: 100 },
  },
  {
    path: '/awaited',
    title: 'an async generator that awaits 2 ms before each event',
    atOnce: 150,
    turns: isQuick
      ? { warmUpRounds: 1, rounds: 3, answers: 300 }
      : { warmUpRounds: 4, rounds: 12, answers: 300 },
  },
];
const TARGET = 1.05;

const results: Measured[][] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  const label = `launch ${launch} of ${launches}`;
  printStep(`${label}, ${VARIANTS.size} servers start`);
  results.push(await inLaunch(SSE_FILES, VARIANTS, options.adapter, (one) => measureRoutes(one, label)));
}
report();

async function measureRoutes(launch: Launch, label: string): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { path, atOnce, turns } of ROUTES) {
    measured.push(
      await measureTurns(launch, turns, `${label}, ${path}`, ({ port }) => {
        const drive: Drive = { port, path, streams: turns.answers, atOnce };
        return launch.client.ask<number>('drive', drive);
      }),
    );
  }
  return measured;
}

function report(): void {
  const tables: string[] = [];
  const targets: string[] = [];
  for (const [index, { title }] of ROUTES.entries()) {
    const own = results.flatMap((launch) => launch[index] ?? []);
    const cpuMs = own.map((measured) => measured.cpuMs);
    const perSecond = own.map((measured) => measured.perSecond);
    const ratios = ratiosTo(cpuMs);
    const toLimit = ratiosTo(cpuMs, LIMIT);
    tables.push(
      `${title[0]?.toUpperCase() ?? ''}${title.slice(1)}:`,
      variantTable(VARIANTS.keys(), [
        { title: 'CPU ms per stream', launches: cpuMs, digits: 3 },
        { title: '× bare', launches: ratios, digits: 3 },
        { title: '× limit', launches: toLimit, digits: 3 },
        { title: 'streams a second', launches: perSecond, digits: 0 },
      ]),
    );
    targets.push(
      targetLine(`${title}: CPU per stream is`, figure(ratios, DEFAULTS), TARGET, '× bare'),
      remark('that is', figure(toLimit, DEFAULTS), 'times the physical limit'),
      remark('the bare application measured again:', figure(ratios, BARE_AGAIN), '× bare'),
    );
  }
  const streams = ROUTES.map(({ turns }) => turns.answers * turns.rounds).join(' and ');
  const caption = `CPU of the server per stream of ${EVENTS} events, on ${options.adapter}; medians over ${launches} launches of ${streams} streams, in parentheses the lowest and the highest launch`;
  publish('sse-throughput', options, { caption, tables, targets });
}
