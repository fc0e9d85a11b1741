// The packages to compare with live in `peers/` with a lock file of their own: they are no dependency of the project.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'peers');
const lockFile = join(folder, 'package-lock.json');
const stampFile = join(folder, 'node_modules/.followspot-installed');

/** Installs the peers unless the last complete installation was of this very lock file; says whether they are there. */
export async function installPeers(): Promise<boolean> {
  if (isInstalled()) return true;
  rmSync(stampFile, { force: true });
  const startedAtMs = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedAtMs) / 1_000)} s`;
  console.error('Installing the packages to compare with (about 400 MB), this takes up to a minute.');
  const timer = setInterval(() => {
    console.error(`  ${seconds()}: still installing`);
  }, 5_000);
  const isDone = await npmCi().finally(() => {
    clearInterval(timer);
  });
  if (isDone) writeFileSync(stampFile, lockHash());
  console.error(isDone ? `Installed in ${seconds()}.` : 'They cannot be installed now; npm says why above.');
  return isDone;
}

/** The installed version of a peer. */
export function versionOf(packageName: string): string {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages: Record<string, { version: string } | undefined>;
  };
  return packages[`node_modules/${packageName}`]?.version ?? 'unknown';
}

function isInstalled(): boolean {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockHash();
}

function lockHash(): string {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/** Whether `npm ci` went through. What it complains about is shown. No peer needs its install scripts here. */
function npmCi(): Promise<boolean> {
  const npmPath = process.env['npm_execpath'];
  const [command, npm] = npmPath === undefined ? ['npm', []] : [process.execPath, [npmPath]];
  const quiet = ['--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund', '--no-progress'];
  // In the folder, so that npm reads the .npmrc there.
  const child = spawn(command, [...npm, 'ci', ...quiet], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve(false);
    });
    child.once('close', (code) => {
      resolve(code === 0);
    });
  });
}
