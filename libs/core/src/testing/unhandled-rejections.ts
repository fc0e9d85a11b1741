import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

/** Node's own process object: the one that Jest shows to tests is a copy, which Node tells nothing. */
const realProcess = runInThisContext('process') as NodeJS.Process;

/** Runs `fn` and says what Node would have reported as an unhandled rejection, which ends a process by default. */
export async function unhandledRejectionsOf(fn: () => unknown): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const collect = (reason: unknown): void => {
    reasons.push(reason);
  };
  const others = realProcess.listeners('unhandledRejection');
  realProcess.removeAllListeners('unhandledRejection');
  realProcess.on('unhandledRejection', collect);
  try {
    await fn();
    // Node reports when the microtasks have run dry; two turns let a derived promise reject as well.
    await setImmediate();
    await setImmediate();
  } finally {
    realProcess.off('unhandledRejection', collect);
    for (const other of others) realProcess.on('unhandledRejection', other);
  }
  return reasons;
}
