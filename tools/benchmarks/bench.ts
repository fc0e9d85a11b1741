// `npm run bench`: builds what is measured, installs what it is compared with, then answers one question after the
// other, each a file of its own that can also be run alone.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installPeers } from './peers.ts';

const QUESTIONS = ['stage-overhead.ts'];

await run('nx', ['run-many', '--targets=build', '--projects=core']);
await installPeers();
for (const question of QUESTIONS) await run(process.execPath, [join(import.meta.dirname, question)]);

/** Runs a command in this terminal, passes the signal on that stops it, and ends with it when it fails. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'inherit' });
  const stop = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      console.error(`${command} cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (status) => {
      resolve(status ?? 130);
    });
  });
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (code !== 0) process.exit(code);
}
