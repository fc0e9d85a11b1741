// What the tests need beyond npm packages: a program that is on the PATH, or that Debian has.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';

/** Where a program is; undefined when it is not installed. */
export function find(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Installs the Debian package of a program where that is possible without asking, otherwise says what to do; never
 * fails, because the tests then report a skip. Never starts a service: the tests start what they need themselves.
 *
 * With `--find` as argument it only prints where the program is; the e2e target hashes that, so that a skip is not
 * remembered once the program is there.
 */
export function provide(program: string, debianPackage: string, otherwise: string): void {
  if (process.argv.includes('--find')) {
    console.log(find(program) ?? 'none');
    return;
  }
  if (find(program)) return;
  if (process.getuid?.() === 0 && find('apt-get')) installFromDebian(debianPackage);
  if (find(program)) return;
  console.log(`${program} is not installed; the tests that need it are skipped.`);
  console.log(`To run them: ${otherwise}.`);
}

function installFromDebian(name: string): void {
  console.log(`Installing ${name} for the tests (apt-get, without starting any service) …`);
  // Debian asks this file whether a package may start its service; 101 says no.
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const options = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
    const ok =
      run('apt-get', [...options, 'update']) &&
      run('apt-get', [...options, 'install', '-y', '--no-install-recommends', name]);
    if (!ok) console.log('apt-get failed, see above.');
  } finally {
    if (ours) rmSync(POLICY);
  }
}

function run(command: string, args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8', timeout: 300_000 });
  if (status !== 0) console.log(`${stdout}${stderr}`.trim());
  return status === 0;
}
