// A launch: every variant in a fresh process, and the generator of load in another one.
import { openTelemetryArguments } from '../peers.ts';
import { Process } from './http-processes.ts';
import type { Adapter } from './http-options.ts';
import type { HttpVariant } from './http-variants.ts';

/** A running variant. */
export interface Server {
  readonly variant: string;
  readonly port: number;
  readonly process: Process;
}

/** All variants at the same time, so that whatever else the machine does meets them alike. */
export interface Launch {
  readonly servers: readonly Server[];
  readonly client: Process;
}

/** What the processes of a launch run. */
export interface LaunchFiles {
  readonly server: string;
  readonly client: string;
  /** What Node is started with for every server. */
  readonly serverArguments?: readonly string[];
}

/**
 * Without pretenuring V8 does the same in every process. With it, what happens to be alive in one collection of garbage
 * may decide that Node's own ticks are made among old objects from then on, where they keep everything they lead to: in one
 * process of four, bare or not, a stream of 20 events then takes 50 to 100 µs more.
 */
export const SSE_FILES: LaunchFiles = {
  server: 'sse-server.ts',
  client: 'sse-client.ts',
  serverArguments: ['--no-allocation-site-pretenuring'],
};
export const REQUEST_FILES: LaunchFiles = { server: 'http-server.ts', client: 'http-client.ts' };

/** Starts a launch, hands it over and ends it, whatever happens. */
export async function inLaunch<T>(
  files: LaunchFiles,
  variants: ReadonlyMap<string, HttpVariant>,
  adapter: Adapter,
  measure: (launch: Launch) => Promise<T>,
): Promise<T> {
  const started: Process[] = [];
  const start = async (...of: Parameters<typeof Process.start>): Promise<Process> => {
    const process = await Process.start(...of);
    started.push(process);
    return process;
  };
  try {
    const servers = await Promise.all(
      [...variants].map(async ([variant, { openTelemetry }]): Promise<Server> => {
        const { serverArguments = [] } = files;
        const loaded = openTelemetry === undefined ? [] : openTelemetryArguments(openTelemetry);
        const process = await start(files.server, [variant, adapter], [...serverArguments, ...loaded]);
        return { variant, process, port: await process.ask<number>('port') };
      }),
    );
    return await measure({ servers, client: await start(files.client) });
  } finally {
    await Promise.all(started.map((process) => process.end()));
  }
}

/** In another order each round, and every second round backwards. */
export function inTurn(servers: readonly Server[], round: number): Server[] {
  const start = Math.floor(round / 2) % servers.length;
  const rotated = [...servers.slice(start), ...servers.slice(0, start)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}
