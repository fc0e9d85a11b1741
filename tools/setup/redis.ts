// Makes redis-server available to the tests that need a real one. Installs the Debian package where that is possible
// without asking, otherwise says what to do; never fails, because the tests then report a skip. Never leaves a service
// running: the tests start their own server on a free port.
//
// `--find` only prints where it is; the e2e target hashes that, so that a skip is not remembered once Redis is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';

if (process.argv.includes('--find')) {
  console.log(find('redis-server') ?? 'none');
} else if (!find('redis-server')) {
  if (process.getuid?.() === 0 && find('apt-get')) installFromDebian();
  if (!find('redis-server')) {
    console.log('redis-server is not installed; the tests that need it are skipped.');
    console.log(
      "To run them: `apt-get install redis-server`, `brew install redis` or your system's own way.",
    );
  }
}

function find(program: string): string | undefined {
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

function installFromDebian(): void {
  console.log('Installing redis-server for the tests (apt-get, without starting the service) …');
  // Debian asks this file whether a package may start its service; 101 says no.
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const options = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
    const ok =
      run('apt-get', [...options, 'update']) &&
      run('apt-get', [...options, 'install', '-y', '--no-install-recommends', 'redis-server']);
    if (!ok) console.log('apt-get failed, see above.');
  } finally {
    if (ours) rmSync(POLICY);
  }
}

function run(command: string, args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8', timeout: 180_000 });
  if (status !== 0) console.log(`${stdout}${stderr}`.trim());
  return status === 0;
}
