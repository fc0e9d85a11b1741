import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Cell } from './run-tool.ts';

/** What runs at the moment; whoever stops this process stops it as well. */
let running: ChildProcess | undefined;
process.once('exit', () => running?.kill());

/**
 * Runs the suite against one tool in a process of its own and returns the cells by the names of the rows. Those that the
 * process does not get to before it dies are missing.
 * @param file The module that makes the tool, for {@link file://./run-tool.ts}.
 */
export async function runColumn(
  file: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Map<string, string>> {
  const child = fork(join(import.meta.dirname, 'run-tool.ts'), [file, ...args], {
    env: { ...process.env, ...env },
  });
  running = child;
  const cells = new Map<string, string>();
  child.on('message', (message) => {
    const { shape, text } = message as Cell;
    cells.set(shape, text);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  running = undefined;
  if (code !== 0) console.error(`  it ended with ${String(code)}, see above`);
  return cells;
}
