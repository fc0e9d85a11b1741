// The question: what does the module add to a request that is answered with JSON, without stages and with ten?
import type { RequestDrive } from './servers/http-client.ts';
import { type Launch, inLaunch, REQUEST_FILES, type Server } from './servers/http-launch.ts';
import { readHttpOptions } from './servers/http-options.ts';
import {
  type ByVariant,
  differencesTo,
  figure,
  publish,
  ratiosTo,
  remark,
  variantTable,
} from './servers/http-report.ts';
import { targetLine } from './harness/page.ts';
import { missingPeers, serverPeerVersions } from './peers.ts';
import { PLAIN, type Route, STAGED } from './servers/http-routes.ts';
import { type Measured, measureTurns, type Turns } from './servers/http-turns.ts';
import {
  ALL_KEPT,
  ALL_READY,
  BARE_AGAIN,
  DEFAULTS,
  isTraced,
  LIMIT,
  RECORDED,
  REQUEST_VARIANTS,
} from './servers/http-variants.ts';
import { printStep } from './harness/report.ts';

interface MeasuredRoute {
  readonly route: Route;
  /** CPU of one request against bare. */
  readonly targets: ReadonlyMap<string, number>;
}

/** In bytes. */
interface Memory {
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What one launch measured. */
interface LaunchResult {
  readonly routes: readonly Measured[];
  /** Of the process after all of it. */
  readonly memory: ReadonlyMap<string, Memory>;
}

const ROUTES: readonly MeasuredRoute[] = [
  {
    route: PLAIN,
    targets: new Map([
      [DEFAULTS, 1.08],
      [ALL_KEPT, 1.25],
      [ALL_READY, 1.4],
    ]),
  },
  {
    route: STAGED,
    targets: new Map([
      [DEFAULTS, 1.15],
      [ALL_KEPT, 1.25],
      [ALL_READY, 1.4],
    ]),
  },
];
const RSS_TARGET = 1.08;
/** As many as keep a processor busy. */
const CONNECTIONS = 24;

const options = readHttpOptions();
const launches = options.isQuick ? 1 : 3;
const turns: Turns = options.isQuick
  ? { warmUpRounds: 14, rounds: 8, answers: 1_000 }
  : { warmUpRounds: 60, rounds: 16, answers: 1_000 };
const missing = missingPeers();
if (missing !== undefined) console.error(`OpenTelemetry is not measured: ${missing}`);
const variants = new Map(
  [...REQUEST_VARIANTS].filter(([, one]) => missing === undefined || one.openTelemetry === undefined),
);

const results: LaunchResult[] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  const label = `launch ${launch} of ${launches}`;
  printStep(`${label}, ${variants.size} servers start`);
  const measure = (one: Launch): Promise<LaunchResult> => measureLaunch(one, label);
  results.push(await inLaunch(REQUEST_FILES, variants, options.adapter, measure));
}
report();

async function measureLaunch(launch: Launch, label: string): Promise<LaunchResult> {
  const { servers, client } = launch;
  const routes: Measured[] = [];
  for (const { route } of ROUTES) {
    const { path, body } = route;
    routes.push(
      await measureTurns(launch, turns, `${label}, ${path}`, ({ port, variant }) => {
        const drive: RequestDrive = {
          port,
          path,
          body,
          isTraced: isTraced(variants.get(variant) ?? {}),
          requests: turns.answers,
          atOnce: CONNECTIONS,
        };
        return client.ask<number>('drive', drive);
      }),
    );
  }
  await Promise.all(servers.map(checkSpans));
  const memory = servers.map(
    async ({ variant, process }) => [variant, await process.ask<Memory>('memory')] as const,
  );
  return { routes, memory: new Map(await Promise.all(memory)) };
}

/** Who is said to record has recorded. */
async function checkSpans({ variant, process }: Server): Promise<void> {
  const { otlp, openTelemetry } = variants.get(variant) ?? {};
  const requests = ROUTES.length * (turns.warmUpRounds + turns.rounds) * turns.answers;
  // Every trace has one span at least; of a tenth, half are enough.
  const least = otlp === true ? requests : requests * (openTelemetry ?? 0) * (openTelemetry === 1 ? 1 : 0.5);
  const spans = await process.ask<number>('spans');
  if (spans < least) throw new Error(`"${variant}" recorded ${spans} spans of ${requests} requests`);
}

function report(): void {
  const parts = ROUTES.map(({ route, targets }, index) =>
    reportOf(
      route,
      targets,
      results.flatMap(({ routes }) => routes[index] ?? []),
    ),
  );
  const memory = memoryReport();
  publish('http-requests', options, {
    caption: `CPU of the server per request, on ${options.adapter}; medians over ${launches} launches of ${turns.answers * turns.rounds} requests, in parentheses the lowest and the highest launch`,
    tables: [...parts.flatMap(({ tables }) => tables), ...memory.tables],
    targets: [...parts.flatMap(({ targets }) => targets), ...memory.targets],
    peers: serverPeerVersions(),
  });
}

interface Part {
  readonly tables: readonly string[];
  readonly targets: readonly string[];
}

function reportOf({ title }: Route, limits: ReadonlyMap<string, number>, own: readonly Measured[]): Part {
  const cpuMs = own.map((measured) => measured.cpuMs);
  const perSecond = own.map((measured) => measured.perSecond);
  const cpuUs = cpuMs.map((launch) => new Map([...launch].map(([variant, ms]) => [variant, ms * 1_000])));
  const ratios = ratiosTo(cpuUs);
  const toLimit = ratiosTo(cpuUs, LIMIT);
  const table = variantTable(variants.keys(), [
    { title: 'CPU µs per request', launches: cpuUs, digits: 1 },
    { title: '× bare', launches: ratios, digits: 3 },
    { title: '× limit', launches: toLimit, digits: 3 },
    { title: 'requests a second', launches: perSecond, digits: 0 },
  ]);
  const lines = [...limits].flatMap(([variant, limit]) => [
    targetLine(`JSON ${title}, ${variant}: CPU per request is`, figure(ratios, variant), limit, '× bare'),
    remark('that is', figure(toLimit, variant), 'times the physical limit'),
  ]);
  const peer = variants.has(RECORDED)
    ? [remark(`${ALL_KEPT}, is`, figure(ratiosTo(cpuUs, RECORDED), ALL_KEPT), `× ${RECORDED}`)]
    : [];
  const noise = remark('the bare application measured again:', figure(ratios, BARE_AGAIN), '× bare');
  return {
    tables: [`A route that answers with JSON, ${title}:`, table],
    targets: [...lines, ...peer, noise],
  };
}

function memoryReport(): Part {
  const of = (valueOf: (memory: Memory) => number): ByVariant[] =>
    results.map(
      ({ memory }) => new Map([...memory].map(([variant, one]) => [variant, valueOf(one) / 1_000_000])),
    );
  const rssMb = of(({ rssBytes }) => rssBytes);
  const keptMb = of(({ heapBytes }) => heapBytes);
  const ratios = ratiosTo(rssMb);
  const table = variantTable(variants.keys(), [
    { title: 'RSS, MB', launches: rssMb, digits: 1 },
    { title: '× bare', launches: ratios, digits: 3 },
    { title: 'in use, MB', launches: keptMb, digits: 1 },
    { title: 'more than bare, MB', launches: differencesTo(keptMb), digits: 2 },
  ]);
  return {
    tables: ['Resident memory afterwards, all garbage collected:', table],
    targets: [
      targetLine(`resident memory, ${ALL_KEPT} is`, figure(ratios, ALL_KEPT), RSS_TARGET, '× bare'),
      remark('in use are', figure(differencesTo(keptMb), ALL_KEPT), 'MB more than in the bare one'),
      remark('the bare application measured again:', figure(ratios, BARE_AGAIN), '× bare'),
    ],
  };
}
