import { join } from 'node:path';
import { PeerFolder } from '../peer-folder.ts';

const folder = new PeerFolder(join(import.meta.dirname, 'peers'));

/** Installs the peers if need be; without them the rest is measured. */
export async function installPeers(): Promise<void> {
  await folder.install();
}

/** Why the peers cannot be measured; undefined when they can. */
export function missingPeers(): string | undefined {
  return folder.isInstalled
    ? undefined
    : 'not installed; `npm run bench:peers` does it once the npm registry answers.';
}

/** Name and version of the peers that the tables mention; empty when they are not installed. */
export function peerVersions(): Record<string, string> {
  if (!folder.isInstalled) return {};
  const shown = ['@opentelemetry/api', '@opentelemetry/sdk-trace', 'nestjs-otel', '@sentry/nestjs'];
  return Object.fromEntries(shown.map((name) => [name, folder.versionOf(name)]));
}
