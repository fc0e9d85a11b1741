// What the tests need beyond npm packages: a program that is on the PATH, or that Debian has.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

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
  if (process.getuid?.() === 0 && find('apt-get') && find('flock')) installFromDebian(debianPackage);
  if (find(program)) return;
  console.log(`${program} is not installed; the tests that need it are skipped.`);
  console.log(`To run them: ${otherwise}.`);
}

/**
 * One installation at a time, because apt refuses a second one and targets run side by side. Debian asks the policy
 * file whether a package may start its service; 101 says no.
 */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
options='-qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=120'
apt-get $options update
apt-get $options install -y --no-install-recommends "$1"
`;
const LOCK = '/run/lock/followspot-install';

function installFromDebian(name: string): void {
  console.log(`Installing ${name} for the tests (apt-get, without starting any service) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const command = ['--timeout', '600', LOCK, 'sh', '-ec', INSTALL, 'install', name];
  const { status, stdout, stderr } = spawnSync('flock', command, { env, encoding: 'utf8', timeout: 900_000 });
  if (status !== 0) console.log(`${stdout}${stderr}\napt-get failed, see above.`.trim());
}
