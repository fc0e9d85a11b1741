// Installs the dependencies if they are not those of package-lock.json. Runs before anything is installed, on whatever
// Node the machine has: plain JavaScript for Node 20, no dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules/.followspot-installed');
const PROGRESS_MS = process.stdout.isTTY ? 500 : 5_000;

/** What to do next, by what npm says when it fails. */
const hints = [
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONN|ERR_SOCKET/,
    'The npm registry cannot be reached: check the network or the proxy',
  ],
  [/CERT|SELF_SIGNED/, 'A certificate is not trusted: point NODE_EXTRA_CA_CERTS at the one of your proxy'],
  [/EACCES|EPERM/, 'This user may not write to the repository folder or to the npm cache: fix the owner'],
  [/ENOTEMPTY|EBUSY/, 'Another npm seems to work in node_modules: let it end'],
  [/ENOSPC/, 'The disk is full: make room'],
  [/EUSAGE/, 'package.json and package-lock.json disagree: run `npm install`'],
];

/**
 * Runs `npm ci` unless the last complete run was for this very lock file on this platform. A run that was interrupted
 * leaves no stamp, so the next one starts afresh.
 */
export async function install() {
  const lock = readFileSync(lockFile);
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;

  rmSync(stampFile, { force: true });
  const startedAt = performance.now();
  const stopProgress = showProgress(packageFolders(lock), startedAt);
  const { code, errors } = await npmCi().finally(stopProgress);
  if (code !== 0) fail(`npm ci ended with ${code}.`, hints.find(([pattern]) => pattern.test(errors))?.[1]);

  // The npm package `node` fetches its binary in an install script; everything after this runs on it.
  const node = spawnSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' });
  if (node.status !== 0) {
    fail('The npm package `node` brought no binary.', 'Look for `ignore-scripts` in your npm configuration');
  }
  writeFileSync(stampFile, stamp);
  console.log(`Installed in ${seconds(startedAt)} s; running on Node ${node.stdout.trim()}.`);
}

/** The folders that `npm ci` is going to fill on this platform. */
function packageFolders(lock) {
  const fits = (allowed, value) => !allowed || allowed.includes(value);
  return Object.entries(JSON.parse(lock).packages)
    .filter(([path, entry]) => path.includes('node_modules/') && !entry.link)
    .filter(([, { os, cpu }]) => fits(os, process.platform) && fits(cpu, process.arch))
    .map(([path]) => join(root, path));
}

function showProgress(folders, startedAt) {
  const [start, end] = process.stdout.isTTY ? ['\r\x1b[K', ''] : ['', '\n'];
  process.stdout.write(`Installing ${folders.length} packages, this takes about a minute.\n`);
  const timer = setInterval(() => {
    const landed = folders.filter((folder) => existsSync(join(folder, 'package.json'))).length;
    process.stdout.write(`${start}  ${seconds(startedAt)} s: ${landed} of ${folders.length} packages${end}`);
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    process.stdout.write(start);
  };
}

/** Runs npm, shows its errors as they come, and resolves with them. Ends with npm when the user interrupts. */
async function npmCi() {
  // Development dependencies and install scripts are needed whatever NODE_ENV and the user's configuration say.
  const wanted = ['--include=dev', '--include=optional', '--ignore-scripts=false'];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-progress'];
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...args] = [...npm, 'ci', ...wanted, ...quiet];
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], detached: true });

  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
    process.stderr.write(chunk);
  });
  // npm would try to put back what was there, and outlive this process. Nothing of it is worth keeping: stop the whole
  // group, with the install scripts that npm started.
  const interrupt = () => {
    process.kill(-child.pid, 'SIGKILL');
    console.error('\nInterrupted; the next run installs from the start.');
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return { code, errors };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function seconds(startedAt) {
  return Math.round((performance.now() - startedAt) / 1_000);
}

function fail(what, hint) {
  console.error(`\n${what} ${hint ? `${hint}, then run the same command again.` : 'npm says why above.'}`);
  process.exit(1);
}
