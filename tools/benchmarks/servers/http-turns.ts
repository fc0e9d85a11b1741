// All variants run at the same time, each in a process of its own, and take turns under load, so that whatever else the
// machine does meets them alike. What counts is the CPU time of the server's process: it is steadier than answers a
// second, which are printed beside it. A ratio is taken within a launch, where the servers had the same minute.
import { inTurn, type Launch, type Server } from './http-launch.ts';
import type { ByVariant } from './http-report.ts';
import { printStep } from '../harness/report.ts';

/** How often and how long each server is asked. */
export interface Turns {
  /** Not counted: what is compiled and made once is there afterwards. */
  readonly warmUpRounds: number;
  readonly rounds: number;
  /** Of one turn of one server. */
  readonly answers: number;
}

/** What one launch measured of one route. */
export interface Measured {
  /** For one answer. */
  readonly cpuMs: ByVariant;
  readonly perSecond: ByVariant;
}

/** @param drive Has one server answer as often as a turn says, and tells how many milliseconds that took. */
export async function measureTurns(
  { servers }: Launch,
  { warmUpRounds, rounds, answers }: Turns,
  label: string,
  drive: (server: Server) => Promise<number>,
): Promise<Measured> {
  const cpuMs = new Map<string, number>();
  const elapsedMs = new Map<string, number>();
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    printStep(`${label}, round ${round + 1} of ${warmUpRounds + rounds}`);
    for (const server of inTurn(servers, round)) {
      const before = await server.process.ask<number>('cpuMs');
      const tookMs = await drive(server);
      const spentMs = (await server.process.ask<number>('cpuMs')) - before;
      if (round < warmUpRounds) continue;
      cpuMs.set(server.variant, (cpuMs.get(server.variant) ?? 0) + spentMs);
      elapsedMs.set(server.variant, (elapsedMs.get(server.variant) ?? 0) + tookMs);
    }
  }
  const total = answers * rounds;
  return {
    cpuMs: new Map([...cpuMs].map(([variant, ms]) => [variant, ms / total])),
    perSecond: new Map([...elapsedMs].map(([variant, ms]) => [variant, (total * 1_000) / ms])),
  };
}
