// The packages to compare with live in `peers/` with a lock file of their own: they are no dependency of the project.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'peers');
const lockFile = join(folder, 'package-lock.json');
const stampFile = join(folder, 'node_modules/.followspot-installed');

/** Installs the peers unless the last complete installation was of this very lock file. Failing is no error. */
export async function installPeers(): Promise<void> {
  if (missingPeers() === undefined) return;
  rmSync(stampFile, { force: true });
  const startedAtMs = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedAtMs) / 1_000)} s`;
  console.error('Installing the packages to compare with, this takes a few seconds.');
  const timer = setInterval(() => {
    console.error(`  ${seconds()}: still installing`);
  }, 5_000);
  const isDone = await npmCi().finally(() => {
    clearInterval(timer);
  });
  if (isDone) writeFileSync(stampFile, lockHash());
  console.error(
    isDone ? `Installed in ${seconds()}.` : 'They cannot be installed now; measuring without them.',
  );
}

/** Why the peers cannot be measured; undefined when they can. */
export function missingPeers(): string | undefined {
  const isInstalled = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockHash();
  return isInstalled ? undefined : 'not installed; `npm run bench` does it once the npm registry answers.';
}

/** Name and version of the peers that the tables mention; empty when they are not installed. */
export function peerVersions(): Record<string, string> {
  if (missingPeers() !== undefined) return {};
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as {
    packages: Record<string, { version: string } | undefined>;
  };
  const shown = ['@opentelemetry/api', '@opentelemetry/sdk-trace', 'nestjs-otel'];
  return Object.fromEntries(
    shown.map((name) => [name, packages[`node_modules/${name}`]?.version ?? 'unknown']),
  );
}

function lockHash(): string {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/** Whether `npm ci` went through. What it complains about is shown. */
function npmCi(): Promise<boolean> {
  const npmPath = process.env['npm_execpath'];
  const [command, npm] = npmPath === undefined ? ['npm', []] : [process.execPath, [npmPath]];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-progress'];
  const child = spawn(command, [...npm, 'ci', '--prefix', folder, ...quiet], {
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
