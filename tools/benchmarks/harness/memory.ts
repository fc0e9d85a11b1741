import { setTimeout as wait } from 'node:timers/promises';

/**
 * What a process needs that measures its memory. Node's loader of TypeScript leaves megabytes of code behind, which V8
 * otherwise throws away at some time.
 */
export const MEMORY_ARGUMENTS = ['--expose-gc', '--no-flush-bytecode'];

/** What is in use once the garbage has been collected, in bytes: the heap and typed arrays, which are not on it. */
export async function usedBytes(): Promise<number> {
  await collectAll();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Collects all garbage of the process. */
export async function collectAll(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('start Node with --expose-gc');
  for (let round = 0; round < 3; round += 1) {
    // What was weakly referred to in this turn is only collected in another one.
    await wait(1);
    globalThis.gc();
  }
}
