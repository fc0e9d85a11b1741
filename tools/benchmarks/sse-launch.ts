// A launch: every variant in a fresh process, and the generator of load in another one.
import { Process } from './sse-processes.ts';
import type { Adapter } from './sse-options.ts';
import { SSE_VARIANTS } from './sse-variants.ts';

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

/** Starts a launch, hands it over and ends it, whatever happens. */
export async function inLaunch<T>(adapter: Adapter, measure: (launch: Launch) => Promise<T>): Promise<T> {
  const started: Process[] = [];
  const start = async (file: string, ...args: string[]): Promise<Process> => {
    const process = await Process.start(file, ...args);
    started.push(process);
    return process;
  };
  try {
    const servers = await Promise.all(
      [...SSE_VARIANTS.keys()].map(async (variant): Promise<Server> => {
        const process = await start('sse-server.ts', variant, adapter);
        return { variant, process, port: await process.ask<number>('port') };
      }),
    );
    return await measure({ servers, client: await start('sse-client.ts') });
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
