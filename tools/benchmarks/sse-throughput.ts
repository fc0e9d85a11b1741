// The question: what does the module add to a stream of 20 events, from the request to the end of the answer?
//
// All variants run at the same time, each in a process of its own, and take turns under load, so that whatever else the
// machine does meets them alike. What counts is the CPU time of the server's process: it is steadier than streams a
// second, which are printed beside it. A ratio is taken within a launch, where the servers had the same minute.
import { type Launch, inLaunch, inTurn } from './sse-launch.ts';
import { readSseOptions } from './sse-options.ts';
import { type ByVariant, comparedWithBare, figure, publish, targetLine, variantTable } from './sse-report.ts';
import { printStep } from './report.ts';
import type { Drive } from './sse-client.ts';
import { BARE_AGAIN, DEFAULTS, EVENTS, SSE_VARIANTS } from './sse-variants.ts';

interface Route {
  readonly path: string;
  readonly title: string;
  /** As many as keep a processor busy. */
  readonly atOnce: number;
}

/** What one launch measured of one route. */
interface Measured {
  readonly cpuMs: ByVariant;
  readonly perSecond: ByVariant;
}

const ROUTES: readonly Route[] = [
  { path: '/burst', title: 'an Observable that emits all events at once', atOnce: 32 },
  { path: '/awaited', title: 'an async generator that awaits 2 ms before each event', atOnce: 150 },
];
const TARGET = 1.05;

const options = readSseOptions();
/** `streams` are those of one turn of one server. */
const { launches, warmUpRounds, rounds, streams } = options.isQuick
  ? { launches: 1, warmUpRounds: 2, rounds: 3, streams: 200 }
  : { launches: 3, warmUpRounds: 5, rounds: 8, streams: 300 };

const results: Measured[][] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  printStep(`launch ${launch} of ${launches}, ${SSE_VARIANTS.size} servers start`);
  results.push(
    await inLaunch(options.adapter, (one) => measureRoutes(one, `launch ${launch} of ${launches}`)),
  );
}
report();

async function measureRoutes(launch: Launch, label: string): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const route of ROUTES) measured.push(await measureRoute(launch, route, label));
  return measured;
}

async function measureRoute({ servers, client }: Launch, route: Route, label: string): Promise<Measured> {
  const cpuMs = new Map<string, number>();
  const elapsedMs = new Map<string, number>();
  const { path, atOnce } = route;
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    const step = `${label}, ${path}, round ${round + 1} of ${warmUpRounds + rounds}`;
    printStep(step, label.startsWith(`launch ${launches}`) && round + 1 === warmUpRounds + rounds);
    for (const { variant, port, process } of inTurn(servers, round)) {
      const before = await process.ask<number>('cpuMs');
      const drive: Drive = { port, path, streams, atOnce };
      const tookMs = await client.ask<number>('drive', drive);
      const spentMs = (await process.ask<number>('cpuMs')) - before;
      if (round < warmUpRounds) continue;
      cpuMs.set(variant, (cpuMs.get(variant) ?? 0) + spentMs);
      elapsedMs.set(variant, (elapsedMs.get(variant) ?? 0) + tookMs);
    }
  }
  const total = streams * rounds;
  return {
    cpuMs: new Map([...cpuMs].map(([variant, ms]) => [variant, ms / total])),
    perSecond: new Map([...elapsedMs].map(([variant, ms]) => [variant, (total * 1_000) / ms])),
  };
}

function report(): void {
  const tables: string[] = [];
  const targets: string[] = [];
  for (const [index, { title }] of ROUTES.entries()) {
    const own = results.flatMap((launch) => launch[index] ?? []);
    const cpuMs = own.map((measured) => measured.cpuMs);
    const perSecond = own.map((measured) => measured.perSecond);
    const ratios = comparedWithBare(cpuMs, (value, bare) => value / bare);
    tables.push(
      `${title[0]?.toUpperCase() ?? ''}${title.slice(1)}:`,
      variantTable([
        { title: 'CPU ms per stream', launches: cpuMs, digits: 3 },
        { title: '× bare', launches: ratios, digits: 3 },
        { title: 'streams a second', launches: perSecond, digits: 0 },
      ]),
    );
    const noise = figure(ratios, BARE_AGAIN).median;
    targets.push(
      targetLine(`${title}: CPU per stream is`, figure(ratios, DEFAULTS), TARGET, '× bare'),
      `               (the bare application measured again: ${noise.toFixed(2)} × bare)`,
    );
  }
  const caption = `CPU of the server per stream of ${EVENTS} events, on ${options.adapter}; medians over ${launches} launches of ${streams * rounds} streams, in parentheses the lowest and the highest launch`;
  publish('sse-throughput', options, { caption, tables, targets });
}
