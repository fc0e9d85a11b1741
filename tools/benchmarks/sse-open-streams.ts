// The question: what does the module add to 2,000 streams that are open and on which nothing but heartbeats happens?
//
// The servers take turns, so that none takes a processor or its caches from another. Memory is what is there after garbage
// collection, with the streams and without them; typed arrays, which are not on the heap, included.
import { type Launch, inLaunch, inTurn, type Server, SSE_FILES } from './servers/http-launch.ts';
import type { Process } from './servers/http-processes.ts';
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
import { printStep } from './harness/report.ts';
import type { Listening, Opening } from './servers/sse-client.ts';
import { BARE_AGAIN, DEFAULTS, LIMIT, VARIANTS } from './servers/http-variants.ts';
import { HEARTBEAT_MS } from './servers/sse-streams.ts';

/** Since the start. */
interface Reading {
  readonly cpuMs: number;
  /** Heartbeats that have arrived. */
  readonly beats: number;
}

interface Memory {
  readonly heapBytes: number;
}

/** Of one server in one turn. */
interface Turn {
  /** Microseconds for each heartbeat of each stream. */
  readonly cpuUs: number;
  /** In kB (1,000 bytes) per stream, as the target is. */
  readonly heapKb: number;
}

/** What one launch measured. */
interface Measured {
  readonly cpuUs: ByVariant;
  readonly heapKb: ByVariant;
}

const STREAMS = 2_000;
/** What is compiled and made once is there afterwards. */
const WARM_UP_ROUNDS = 1;
/** Of the heartbeats that are due. */
const LEAST_SHARE = 0.75;
/** Of each stream in a turn of its server. */
const BEATS = 5;
/** Files that a process has open besides its streams. */
const OTHER_FILES = 100;
const CPU_TARGET = 1.05;
const HEAP_TARGET_KB = 1;

const options = readHttpOptions();
const { launches, rounds } = options.isQuick ? { launches: 1, rounds: 1 } : { launches: 4, rounds: 2 };

checkOpenFiles();
const results: Measured[] = [];
for (let launch = 1; launch <= launches; launch += 1) {
  const label = `launch ${launch} of ${launches}`;
  printStep(`${label}, ${VARIANTS.size} servers start`);
  const measure = (one: Launch): Promise<Measured> => measureLaunch(one, label);
  results.push(await inLaunch(SSE_FILES, VARIANTS, options.adapter, measure));
}
report();

async function measureLaunch({ servers, client }: Launch, label: string): Promise<Measured> {
  const turns = new Map<string, Turn[]>(servers.map(({ variant }) => [variant, []]));
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
    for (const server of inTurn(servers, round)) {
      printStep(`${label}, round ${round + 1} of ${WARM_UP_ROUNDS + rounds}, "${server.variant}"`);
      const turn = await measureTurn(server, client);
      if (round >= WARM_UP_ROUNDS) turns.get(server.variant)?.push(turn);
    }
  }
  const meanOf = (of: keyof Turn): ByVariant =>
    new Map(
      [...turns].map(([variant, own]) => [
        variant,
        own.reduce((sum, turn) => sum + turn[of], 0) / own.length,
      ]),
    );
  return { cpuUs: meanOf('cpuUs'), heapKb: meanOf('heapKb') };
}

/**
 * Opens the streams of one server, waits for {@link BEATS} heartbeats of each, and hangs up.
 *
 * The server rests before: all timers are due when it wakes up, and from then on all heartbeats come at once. That is their
 * work without the falling asleep and waking up between them, which in a virtual machine takes as long again, and not the
 * same of each process.
 */
async function measureTurn({ variant, port, process }: Server, client: Process): Promise<Turn> {
  const read = async (): Promise<Reading> => ({
    cpuMs: await process.ask<number>('cpuMs'),
    beats: await client.ask<number>('heartbeats', { port }),
  });
  const listen = (ms: number): Promise<unknown> => client.ask('listen', { ms } satisfies Listening);
  const empty = await process.ask<Memory>('memory');
  await client.ask('open', { port, streams: STREAMS } satisfies Opening);
  // What opening them has left behind is collected here as well, and not in the time that counts.
  const full = await process.ask<Memory>('memory');
  await process.ask('rest', HEARTBEAT_MS * 1.5);
  await listen(HEARTBEAT_MS * 1.5);
  const before = await read();
  await listen(HEARTBEAT_MS * BEATS);
  const after = await read();
  await client.ask('leave', { port });
  const beats = after.beats - before.beats;
  if (beats < STREAMS * BEATS * LEAST_SHARE)
    throw new Error(`"${variant}" sent ${beats} heartbeats; this machine is too busy`);
  return {
    cpuUs: ((after.cpuMs - before.cpuMs) * 1_000) / beats,
    heapKb: (full.heapBytes - empty.heapBytes) / STREAMS / 1_000,
  };
}

/** Node has raised the limit as far as it may. */
function checkOpenFiles(): void {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft?: number | 'unlimited' } };
  };
  const allowed = userLimits?.open_files?.soft;
  const needed = STREAMS + OTHER_FILES;
  if (typeof allowed !== 'number' || allowed >= needed) return;
  console.error(
    `${STREAMS} open streams to a server need ${needed} open files in one process, ` +
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
  ]);
  publish('sse-open-streams', options, {
    caption: `${STREAMS} open streams with a heartbeat every ${HEARTBEAT_MS} ms, on ${options.adapter}; ${BEATS * rounds} of each in each of ${launches} launches, medians and in parentheses the lowest and the highest launch`,
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
