// `node tools/setup/run.mjs <command…>`: installs if needed, then runs the command in this very terminal.
//
// npm puts node_modules/.bin first on the PATH before it exists, so the command is the installed one and runs on the
// Node 24 of the npm package `node`. A shell's `&&` would do, but a shell passes no signals on: whoever stops npm
// would leave the command running. For the same reason the npm scripts say `exec`.
import { spawn } from 'node:child_process';
import { install } from './install.mjs';

await install();

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('error', (error) => {
  console.error(`${command} cannot be run: ${error.message}`);
  process.exit(1);
});
child.once('exit', (code, signal) => process.exit(signal === 'SIGINT' ? 130 : (code ?? 1)));
