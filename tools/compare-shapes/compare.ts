// `npm run compare:shapes`: is a method recorded right, whatever it returns? Runs one suite against Followspot and its
// peers, each in a process of its own, and prints one table.
//
// `--own` takes Followspot alone, as it is built: no peers, no network. `--markdown FILE` also puts the table into FILE,
// between the markers. Ends with 1 when a cell of Followspot's column is not what it has to be.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PeerFolder } from '../peer-folder.ts';
import { runColumn } from './run-column.ts';
import { rightCell, SHAPES } from './suite.ts';
import { type Column, tableOf, writeBetweenMarkers } from './table.ts';

interface Contender {
  /** Of the file in `peers/`. */
  readonly name: string;
  /** Above the column: what of the tool is used. */
  readonly title: string;
  readonly packageName?: string;
}

const FOLLOWSPOT: Contender = { name: 'followspot', title: 'Followspot `@TrackStage`' };
const PEERS: readonly Contender[] = [
  { name: 'nestjs-otel', title: 'nestjs-otel `@Span`', packageName: 'nestjs-otel' },
  { name: 'amplication', title: 'amplication `@Span`', packageName: '@amplication/opentelemetry-nestjs' },
  { name: 'sentry', title: 'Sentry `@SentryTraced`', packageName: '@sentry/nestjs' },
  { name: 'dd-trace', title: 'dd-trace `wrap`', packageName: 'dd-trace' },
  { name: 'traceloop', title: 'OpenLLMetry `@task`', packageName: '@traceloop/node-server-sdk' },
  { name: 'langfuse', title: 'Langfuse `observe`', packageName: '@langfuse/tracing' },
  { name: 'openinference', title: 'OpenInference `withSpan`', packageName: '@arizeai/openinference-core' },
  { name: 'logfire', title: 'Logfire `instrument`', packageName: 'logfire' },
];

const { values: options } = parseArgs({
  options: { own: { type: 'boolean', default: false }, markdown: { type: 'string' } },
});
const peers = new PeerFolder(join(import.meta.dirname, 'peers'));
const startedAtMs = performance.now();

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const arePeersThere = !options.own && (await peers.install());
if (!options.own) await build();
const columns: Column[] = [];
for (const contender of arePeersThere ? [FOLLOWSPOT, ...PEERS] : [FOLLOWSPOT]) {
  columns.push(await columnOf(contender));
}
const rows = SHAPES.map(({ name }) => name);
const table = tableOf(rows, columns);
console.log(`\n${table}\n`);

const own = columns[0]?.cells;
const wrong = SHAPES.filter((shape) => own?.get(shape.name) !== rightCell(shape)).map(({ name }) => name);
const ours =
  wrong.length === 0 ? 'every shape is recorded as it has to be' : `wrong with ${wrong.join('; ')}`;
console.log(`Followspot: ${ours}. ${seconds()} s in all, Node ${process.versions.node}.`);
if (options.markdown !== undefined) {
  const isComplete = arePeersThere && columns.every(({ cells }) => cells.size === SHAPES.length);
  if (isComplete) writeBetweenMarkers(options.markdown, 'shapes', table);
  else fail(`${options.markdown} is left as it is: this is not the whole table.`);
}
if (wrong.length > 0) process.exitCode = 1;

async function columnOf({ name, title, packageName }: Contender): Promise<Column> {
  const file = packageName === undefined ? `./${name}.ts` : `./peers/${name}.mjs`;
  const cells = await runColumn(file);
  console.error(`${seconds()} s: ${title}, ${cells.size} of ${SHAPES.length} shapes`);
  const version = packageName === undefined ? '' : ` ${peers.versionOf(packageName)}`;
  return { title: `${title}${version}`, cells };
}

async function build(): Promise<void> {
  const child = spawn('nx', ['run-many', '--targets=build', '--projects=core,sinks,nestjs'], {
    stdio: 'inherit',
  });
  process.once('exit', () => child.kill());
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      fail(`nx cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('exit', resolve);
  });
  if (code !== 0) process.exit(code ?? 1);
}

function seconds(): number {
  return Math.round((performance.now() - startedAtMs) / 1_000);
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}
