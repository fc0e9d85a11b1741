// Packages to compare with live in folders of their own, each with a lock file: they are no dependency of the project.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder with a `package.json` and a `package-lock.json` whose packages are installed when they are first needed. */
export class PeerFolder {
  readonly #folder: string;
  readonly #lockFile: string;
  readonly #stampFile: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#lockFile = join(folder, 'package-lock.json');
    this.#stampFile = join(folder, 'node_modules/.followspot-installed');
  }

  /** Whether the last complete installation was of this very lock file. */
  get isInstalled(): boolean {
    return existsSync(this.#stampFile) && readFileSync(this.#stampFile, 'utf8') === this.#lockHash();
  }

  /** Installs the packages if they are not there, and says whether they are now. Failing is no error. */
  async install(): Promise<boolean> {
    if (this.isInstalled) return true;
    rmSync(this.#stampFile, { force: true });
    const startedAtMs = performance.now();
    const seconds = (): string => `${Math.round((performance.now() - startedAtMs) / 1_000)} s`;
    console.error('Installing the packages to compare with, this takes up to a minute.');
    const timer = setInterval(() => {
      console.error(`  ${seconds()}: still installing`);
    }, 5_000);
    const isDone = await npmCi(this.#folder).finally(() => {
      clearInterval(timer);
    });
    if (isDone) writeFileSync(this.#stampFile, this.#lockHash());
    console.error(
      isDone ? `Installed in ${seconds()}.` : 'They cannot be installed now; npm says why above.',
    );
    return isDone;
  }

  /** The version of a package, as the lock file has it. */
  versionOf(packageName: string): string {
    const { packages } = JSON.parse(readFileSync(this.#lockFile, 'utf8')) as {
      packages: Record<string, { version: string } | undefined>;
    };
    return packages[`node_modules/${packageName}`]?.version ?? 'unknown';
  }

  #lockHash(): string {
    return createHash('sha256').update(readFileSync(this.#lockFile)).digest('hex');
  }
}

/** Whether `npm ci` went through. What it complains about is shown. No peer needs its install scripts here. */
function npmCi(folder: string): Promise<boolean> {
  const npmPath = process.env['npm_execpath'];
  const [command, npm] = npmPath === undefined ? ['npm', []] : [process.execPath, [npmPath]];
  const quiet = ['--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund', '--no-progress'];
  // In the folder, so that npm reads an .npmrc there.
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
