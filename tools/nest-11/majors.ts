// Proves that what is published works under every major of NestJS that the peer range names: packs the built
// libraries, installs them beside Nest 11 (from the lock file here) and beside the Nest 12 of this repository, compiles
// one strict consumer as ES module and as CommonJS, runs one smoke suite, and the suite of `tools/compare-shapes` inside
// real requests on Express and on Fastify. All of it in a temporary folder.
//
// `--markdown FILE` also puts what the shapes came to into FILE, between the markers.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBetweenMarkers } from '../compare-shapes/table.ts';
import { type InstalledConsumer, shapesInRequests } from './shapes-in-requests.ts';

const root = resolve(import.meta.dirname, '../..');
const LIBRARIES = ['core', 'sinks', 'nestjs'];

const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: false,
  rootDir: '.',
  outDir: 'dist',
};

/** How the consumer is compiled; those that have a `run` are then called. */
const CONSUMERS = [
  { name: 'esm', type: 'module', module: 'nodenext', moduleResolution: 'nodenext', run: true },
  { name: 'commonjs', type: 'commonjs', module: 'nodenext', moduleResolution: 'nodenext', run: true },
  { name: 'bundler', type: 'module', module: 'preserve', moduleResolution: 'bundler', run: false },
] as const;

const missing = LIBRARIES.filter((name) => !existsSync(join(root, 'libs', name, 'dist')));
if (missing.length > 0) throw new Error(`not built: ${missing.join(', ')}; nx run-many --targets=build`);

const folder = mkdtempSync(join(tmpdir(), 'followspot-majors-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { values: options } = parseArgs({ options: { markdown: { type: 'string' } } });
const tarballs = await step('pack the libraries', pack);
const consumers = [await checkMajor('nest 11', installNest11), await checkMajor('nest 12', installNest12)];
const shapes = await shapesInRequests(consumers);
if (!shapes.areRight) process.exitCode = 1;
else if (options.markdown !== undefined) {
  writeBetweenMarkers(options.markdown, 'shapes-in-requests', shapes.sentence);
}

async function pack(): Promise<string[]> {
  const target = join(folder, 'packed');
  mkdirSync(target);
  for (const name of LIBRARIES) await npm(join(root, 'libs', name), ['pack', '--pack-destination', target]);
  const packed = readdirSync(target).map((file) => join(target, file));
  if (packed.length !== LIBRARIES.length) throw new Error(`packed ${packed.join(', ')}`);
  return packed;
}

/** With npm itself, so that the peer ranges are checked too. */
async function installNest11(target: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json'])
    cpSync(join(import.meta.dirname, file), join(target, file));
  await npm(target, ['ci']);
  await npm(target, ['install', '--no-save', '--no-package-lock', ...tarballs]);
}

/** What the repository has installed, with the packed libraries in place of the workspace's own. */
async function installNest12(target: string): Promise<void> {
  const modules = join(target, 'node_modules');
  mkdirSync(join(modules, '@followspot'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@followspot') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const tarball of tarballs) {
    const library = LIBRARIES.find((name) => basename(tarball).includes(name)) ?? '';
    mkdirSync(join(modules, '@followspot', library));
    await run(
      'tar',
      ['-xzf', tarball, '-C', join(modules, '@followspot', library), '--strip-components=1'],
      target,
    );
  }
}

async function checkMajor(
  major: string,
  install: (target: string) => Promise<void>,
): Promise<InstalledConsumer> {
  const target = join(folder, major.replace(' ', '-'));
  mkdirSync(target);
  await step(`${major}: install`, () => install(target));
  for (const consumer of CONSUMERS) {
    const { name, type, run: isRun, ...modules } = consumer;
    const project = join(target, name);
    cpSync(join(import.meta.dirname, 'consumer'), project, { recursive: true });
    writeFileSync(join(project, 'package.json'), JSON.stringify({ type }));
    const config = {
      compilerOptions: { ...COMPILER_OPTIONS, ...modules },
      files: ['app.ts', 'shapes-app.ts'],
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    await step(`${major}: type check, ${name}`, () => run('tsc', ['--project', project], target));
    if (!isRun) continue;
    const env = { CONSUMER: join(project, 'dist/app.js') };
    const suite = join(import.meta.dirname, 'smoke.test.ts');
    await step(`${major}: smoke test, ${name}`, () => run(process.execPath, ['--test', suite], target, env));
  }
  return { nestVersion: versionIn(target), app: join(target, 'esm/dist/shapes-app.js') };
}

function versionIn(target: string): string {
  const file = join(target, 'node_modules/@nestjs/core/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Tells what is done and how long it took. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  try {
    const result = await work();
    console.log(`ok      ${name}  ${seconds(startedAtMs)}`);
    return result;
  } catch (error) {
    console.log(`FAILED  ${name}  ${seconds(startedAtMs)}`);
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

function seconds(startedAtMs: number): string {
  return `${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
}

function npm(cwd: string, args: readonly string[]): Promise<void> {
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-progress', '--ignore-scripts'];
  const path = process.env['npm_execpath'];
  return path === undefined
    ? run('npm', [...args, ...quiet], cwd)
    : run(process.execPath, [path, ...args, ...quiet], cwd);
}

/** Runs a command silently; what it printed is told when it fails. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')}: exit code ${String(code)}\n${output}`));
    });
  });
}
