import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PeerFolder } from '../peer-folder.ts';

const path = join(import.meta.dirname, 'peers');
const folder = new PeerFolder(path);

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

declare global {
  /** What `peers/otel-http.mjs` leaves for the application where it is loaded. */
  var openTelemetry:
    | {
        /** Spans that are recorded, as many as have started. */
        readonly spans: () => number;
        /** The step with a span of its own. */
        readonly step: (
          name: string,
          step: (value: number) => Promise<number>,
        ) => (value: number) => Promise<number>;
      }
    | undefined;
}

/** For the process of a server that OpenTelemetry follows. @param ratio The share of traces that are sampled. */
export function openTelemetryArguments(ratio: number): string[] {
  return ['--import', `${pathToFileURL(join(path, 'otel-http.mjs')).href}?${ratio}`];
}

/** The same as {@link peerVersions} for the table of requests. */
export function serverPeerVersions(): Record<string, string> {
  if (!folder.isInstalled) return {};
  const shown = ['sdk-trace', 'instrumentation-http', 'instrumentation-express'];
  return Object.fromEntries(
    shown.map((name) => [`@opentelemetry/${name}`, folder.versionOf(`@opentelemetry/${name}`)]),
  );
}
