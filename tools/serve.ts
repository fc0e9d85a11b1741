// `node tools/serve.ts apps/<name>`: builds the app and its libraries, runs it, and rebuilds and restarts it on change.
//
// One process instead of `tsc --watch` beside `node --watch`: the app restarts once per complete build and not at all
// while there are errors, and it gets exactly one signal when it is to end, so that it ends in its own time.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import ts from 'typescript';

/** An app that has not ended by then is killed. Well above what the gateway allows itself. */
const END_WITHIN_MS = 5_000;

const [project] = process.argv.slice(2);
if (project === undefined) throw new Error('Which app? node tools/serve.ts apps/<name>');
const main = join(project, 'dist/main.js');

let running: ChildProcess | undefined;
let starts = 0;
let stopping = false;
let restarts = Promise.resolve();

function start(): void {
  starts += 1;
  // Its own process group: a Ctrl-C in the terminal reaches this process alone, which passes it on once.
  const app = spawn(process.execPath, ['--enable-source-maps', main], { stdio: 'inherit', detached: true });
  running = app;
  app.once('exit', (code) => {
    if (running !== app) return;
    running = undefined;
    // A first start that fails is a mistake in the configuration; a later one may be cured by the next change.
    if (starts === 1 || code === 0) process.exit(code ?? 1);
    console.log(`${main} ended with ${String(code)}; waiting for a change.`);
  });
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const app = running;
  if (!app) return;
  running = undefined;
  const deadline = setTimeout(() => app.kill('SIGKILL'), END_WITHIN_MS);
  app.kill(signal);
  await once(app, 'exit');
  clearTimeout(deadline);
}

async function restart(): Promise<void> {
  if (starts > 0) console.log(`Restarting ${main}`);
  await end('SIGTERM');
  if (!stopping) start();
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  if (stopping) return;
  stopping = true;
  await restarts;
  await end(signal);
  process.exit();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, (name) => void stop(name));

const formatHost: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (path) => path,
  getCurrentDirectory: () => process.cwd(),
  getNewLine: () => '\n',
};
const host = ts.createSolutionBuilderWithWatchHost(
  ts.sys,
  undefined,
  (error) => process.stderr.write(ts.formatDiagnosticsWithColorAndContext([error], formatHost)),
  () => undefined,
  ({ messageText }) => {
    const [, errors] = /^Found (\d+) error/.exec(ts.flattenDiagnosticMessageText(messageText, '\n')) ?? [];
    if (errors === '0') restarts = restarts.then(restart);
    else if (errors !== undefined) console.error(`Found ${errors} error(s); waiting for a change.`);
  },
);
ts.createSolutionBuilderWithWatch(host, [project], { incremental: true }).build();
