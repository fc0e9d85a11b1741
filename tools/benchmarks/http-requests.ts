// The question: what does the module add to a request that is answered with JSON, without stages and with ten?
import type { RequestDrive } from './http-client.ts';
import { type Launch, inLaunch, REQUEST_FILES } from './http-launch.ts';
import { readHttpOptions } from './http-options.ts';
import { type ByVariant, comparedWithBare, figure, publish, variantTable } from './http-report.ts';
import { targetLine } from './page.ts';
import { PLAIN, type Route, STAGED } from './http-routes.ts';
import { type Measured, measureTurns, type Turns } from './http-turns.ts';
import { ALL_KEPT, BARE_AGAIN, DEFAULTS, REQUEST_VARIANTS } from './http-variants.ts';
import { printStep } from './report.ts';

interface MeasuredRoute {
  readonly route: Route;
  /** CPU of one request against bare. */
  readonly targets: ReadonlyMap<string, number>;
}

/** What one launch measured. */
interface LaunchResult {
  readonly routes: readonly Measured[];
  /** Resident memory of the process after all of it, in MB (1,000,000 bytes). */
  readonly rssMb: ByVariant;
}

const ROUTES: readonly MeasuredRoute[] = [
  {
    route: PLAIN,
    targets: new Map([
      [DEFAULTS, 1.08],
      [ALL_KEPT, 1.25],
    ]),
  },
  {
    route: STAGED,
    targets: new Map([
      [DEFAULTS, 1.15],
      [ALL_KEPT, 1.25],
    ]),
  },
];
const RSS_TARGET = 1.08;
/** As many as keep a processor busy. */
const CONNECTIONS = 24;

const options = readHttpOptions();
const launches = options.isQuick ? 1 : 3;
const turns: Turns = options.isQuick
  ? { warmUpRounds: 3, rounds: 6, answers: 2_000 }
  : { warmUpRounds: 5, rounds: 14, answers: 3_000 };

const results: LaunchResult[] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  const label = `launch ${launch} of ${launches}`;
  printStep(`${label}, ${REQUEST_VARIANTS.size} servers start`);
  const measure = (one: Launch): Promise<LaunchResult> => measureLaunch(one, label);
  results.push(await inLaunch(REQUEST_FILES, REQUEST_VARIANTS, options.adapter, measure));
}
report();

async function measureLaunch(launch: Launch, label: string): Promise<LaunchResult> {
  const { servers, client } = launch;
  const routes: Measured[] = [];
  for (const { route } of ROUTES) {
    const { path, body } = route;
    routes.push(
      await measureTurns(launch, turns, `${label}, ${path}`, ({ port, variant }) => {
        const isTraced = REQUEST_VARIANTS.get(variant)?.module !== undefined;
        const drive: RequestDrive = {
          port,
          path,
          body,
          isTraced,
          requests: turns.answers,
          atOnce: CONNECTIONS,
        };
        return client.ask<number>('drive', drive);
      }),
    );
  }
  const memory = servers.map(async ({ variant, process }) => {
    const { rssBytes } = await process.ask<{ rssBytes: number }>('memory');
    return [variant, rssBytes / 1_000_000] as const;
  });
  return { routes, rssMb: new Map(await Promise.all(memory)) };
}

function report(): void {
  const rssMb = results.map((result) => result.rssMb);
  const rssRatios = comparedWithBare(rssMb, (value, bare) => value / bare);
  const parts = ROUTES.map(({ route, targets }, index) =>
    reportOf(
      route,
      targets,
      results.flatMap(({ routes }) => routes[index] ?? []),
    ),
  );
  const memory = variantTable(REQUEST_VARIANTS.keys(), [
    { title: 'RSS, MB', launches: rssMb, digits: 1 },
    { title: '× bare', launches: rssRatios, digits: 3 },
  ]);
  publish('http-requests', options, {
    caption: `CPU of the server per request, on ${options.adapter}; medians over ${launches} launches of ${turns.answers * turns.rounds} requests, in parentheses the lowest and the highest launch`,
    tables: [
      ...parts.flatMap(({ tables }) => tables),
      'Resident memory afterwards, all garbage collected:',
      memory,
    ],
    targets: [
      ...parts.flatMap(({ targets }) => targets),
      targetLine(`resident memory, ${ALL_KEPT} is`, figure(rssRatios, ALL_KEPT), RSS_TARGET, '× bare'),
    ],
  });
}

function reportOf(
  { title }: Route,
  limits: ReadonlyMap<string, number>,
  own: readonly Measured[],
): { readonly tables: string[]; readonly targets: string[] } {
  const cpuMs = own.map((measured) => measured.cpuMs);
  const perSecond = own.map((measured) => measured.perSecond);
  const ratios = comparedWithBare(cpuMs, (value, bare) => value / bare);
  const table = variantTable(REQUEST_VARIANTS.keys(), [
    { title: 'CPU ms per request', launches: cpuMs, digits: 4 },
    { title: '× bare', launches: ratios, digits: 3 },
    { title: 'requests a second', launches: perSecond, digits: 0 },
  ]);
  const noise = figure(ratios, BARE_AGAIN).median;
  const lines = [...limits].map(([variant, limit]) =>
    targetLine(`JSON ${title}, ${variant}: CPU per request is`, figure(ratios, variant), limit, '× bare'),
  );
  return {
    tables: [`A route that answers with JSON, ${title}:`, table],
    targets: [...lines, `               (the bare application measured again: ${noise.toFixed(2)} × bare)`],
  };
}
