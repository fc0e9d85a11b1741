// The question: what does the module add to 2,000 streams that are open and on which nothing but a heartbeat a second
// happens?
//
// The streams of all variants are open at the same time, and the same seconds are measured of each. Memory is what is
// there after garbage collection, with the streams and without them; typed arrays, which are not on the heap, included.
import { setTimeout as wait } from 'node:timers/promises';
import { type Launch, inLaunch, inTurn, type Server, SSE_FILES } from './http-launch.ts';
import { readHttpOptions } from './http-options.ts';
import {
  type ByVariant,
  differencesTo,
  figure,
  publish,
  ratiosTo,
  remark,
  variantTable,
} from './http-report.ts';
import { targetLine } from './page.ts';
import { printStep } from './report.ts';
import type { Listening, Opening } from './sse-client.ts';
import { BARE_AGAIN, DEFAULTS, LIMIT, VARIANTS } from './http-variants.ts';
import { HEARTBEAT_MS } from './sse-streams.ts';

interface Memory {
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What one launch measured. */
interface Measured {
  /** Microseconds of CPU for each heartbeat of each stream. */
  readonly cpuUs: ByVariant;
  /** In kB (1,000 bytes) per stream, as the target is. */
  readonly heapKb: ByVariant;
  readonly rssKb: ByVariant;
}

const STREAMS = 2_000;
/** Opened and left before, so that what is made once is there. */
const WARM_UP_STREAMS = 500;
/** Of the heartbeats that are due. */
const LEAST_SHARE = 0.75;
/** Files that a process has open besides its streams. */
const OTHER_FILES = 100;
const CPU_TARGET = 1.05;
const HEAP_TARGET_KB = 1;

const options = readHttpOptions();
const { launches, seconds } = options.isQuick ? { launches: 1, seconds: 5 } : { launches: 5, seconds: 8 };

checkOpenFiles();
const results: Measured[] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  const label = `launch ${launch} of ${launches}`;
  printStep(`${label}, ${VARIANTS.size} servers start`);
  const measure = (one: Launch): Promise<Measured> => measureLaunch(one, launch, label);
  results.push(await inLaunch(SSE_FILES, VARIANTS, options.adapter, measure));
}
report();

async function measureLaunch(launch: Launch, round: number, label: string): Promise<Measured> {
  const { client } = launch;
  const servers = inTurn(launch.servers, round);
  for (const { port } of servers) {
    printStep(`${label}, warming up`);
    await client.ask('open', { port, streams: WARM_UP_STREAMS } satisfies Opening);
    await client.ask('leave', { port });
  }
  const before = await memoryOf(servers);
  for (const { variant, port } of servers) {
    printStep(`${label}, ${STREAMS} streams to "${variant}"`);
    await client.ask('open', { port, streams: STREAMS } satisfies Opening);
  }
  const cpuUs = await cpuOfSilence(launch, label);
  const after = await memoryOf(servers);
  const perStream = (of: keyof Memory): ByVariant =>
    new Map(
      [...after].map(([variant, memory]) => [
        variant,
        (memory[of] - (before.get(variant)?.[of] ?? Number.NaN)) / STREAMS / 1_000,
      ]),
    );
  return { cpuUs, heapKb: perStream('heapBytes'), rssKb: perStream('rssBytes') };
}

/** CPU per heartbeat: of those that have arrived, because timers of a busy machine are late. */
async function cpuOfSilence({ servers, client }: Launch, label: string): Promise<ByVariant> {
  const readings = async (): Promise<{ cpuMs: number; beats: number }[]> =>
    Promise.all(
      servers.map(async ({ port, process }) => ({
        cpuMs: await process.ask<number>('cpuMs'),
        beats: await client.ask<number>('heartbeats', { port }),
      })),
    );
  // What opening the streams has left behind shall not be collected in the time that counts.
  await memoryOf(servers);
  const before = await readings();
  const listening = client.ask('listen', { ms: seconds * 1_000 } satisfies Listening);
  for (let second = 1; second <= seconds; second += 1) {
    await wait(1_000);
    printStep(`${label}, second ${second} of ${seconds} of silence`, second === seconds);
  }
  await listening;
  const after = await readings();
  return new Map(
    servers.map(({ variant }, index) => {
      const beats = (after[index]?.beats ?? 0) - (before[index]?.beats ?? 0);
      const least = (STREAMS * seconds * 1_000 * LEAST_SHARE) / HEARTBEAT_MS;
      if (beats < least) throw new Error(`"${variant}" sent ${beats} heartbeats; this machine is too busy`);
      return [variant, (((after[index]?.cpuMs ?? 0) - (before[index]?.cpuMs ?? 0)) * 1_000) / beats];
    }),
  );
}

async function memoryOf(servers: readonly Server[]): Promise<Map<string, Memory>> {
  const pairs = servers.map(
    async ({ variant, process }) => [variant, await process.ask<Memory>('memory')] as const,
  );
  return new Map(await Promise.all(pairs));
}

/** Node has raised the limit as far as it may. */
function checkOpenFiles(): void {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft?: number | 'unlimited' } };
  };
  const allowed = userLimits?.open_files?.soft;
  const needed = STREAMS * VARIANTS.size + OTHER_FILES;
  if (typeof allowed !== 'number' || allowed >= needed) return;
  console.error(
    `${STREAMS} open streams to each of ${VARIANTS.size} servers need ${needed} open files in one process, ` +
      `and ${allowed} are allowed here. Raise the limit, such as with "ulimit -n ${needed}", and run again.`,
  );
  process.exit(1);
}

function report(): void {
  const cpuUs = results.map((measured) => measured.cpuUs);
  const heapKb = results.map((measured) => measured.heapKb);
  const ratios = ratiosTo(cpuUs);
  const toLimit = ratiosTo(cpuUs, LIMIT);
  const added = differencesTo(heapKb);
  const table = variantTable(VARIANTS.keys(), [
    { title: 'CPU µs per heartbeat', launches: cpuUs, digits: 1 },
    { title: '× bare', launches: ratios, digits: 3 },
    { title: '× limit', launches: toLimit, digits: 3 },
    { title: 'heap kB per stream', launches: heapKb, digits: 2 },
    { title: 'more than bare, kB', launches: added, digits: 2 },
    { title: 'RSS kB per stream', launches: results.map((measured) => measured.rssKb), digits: 1 },
  ]);
  publish('sse-open-streams', options, {
    caption: `${STREAMS} open streams with a heartbeat a second, on ${options.adapter}; ${seconds} seconds of each of ${launches} launches, medians and in parentheses the lowest and the highest launch`,
    tables: [table],
    targets: [
      targetLine('CPU is', figure(ratios, DEFAULTS), CPU_TARGET, '× bare'),
      remark('that is', figure(toLimit, DEFAULTS), 'times the physical limit'),
      remark('the bare application measured again:', figure(ratios, BARE_AGAIN), '× bare'),
      targetLine('Heap is', figure(added, DEFAULTS), HEAP_TARGET_KB, 'kB more per stream than bare'),
      remark('the physical limit has', figure(added, LIMIT), 'kB more'),
    ],
  });
}
