// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { ObservabilityOptions } from '@followspot/nestjs';

/** How a variant differs from the bare application. */
interface SseVariant {
  /** What the module is set up with; without it the application does not have the module. */
  readonly module?: ObservabilityOptions;
  /** A global interceptor that hands everything on as it is. */
  readonly interceptor?: true;
}

/** The application without the module; measured twice, it shows the noise. */
export const BARE = 'bare';
export const BARE_AGAIN = 'bare, measured again';
/** The one that the targets are about. */
export const DEFAULTS = 'module, defaults';

/** The third is what Nest alone takes for the one interceptor that the module has. */
export const SSE_VARIANTS: ReadonlyMap<string, SseVariant> = new Map<string, SseVariant>([
  [BARE, {}],
  [BARE_AGAIN, {}],
  ['bare, with an interceptor that does nothing', { interceptor: true }],
  ['module, disabled', { module: { enabled: false } }],
  [DEFAULTS, { module: {} }],
  ['module, every trace kept', { module: { sampleRate: 1 } }],
]);

/** Of each stream whose events are counted. */
export const EVENTS = 20;
/** Before an open stream falls silent and only heartbeats follow. */
export const EVENTS_WHEN_OPEN = 3;
export const HEARTBEAT = 'heartbeat';
export const HEARTBEAT_MS = 1_000;
/** What an event carries: a word of an answer. */
export const WORD = 'followspot ';

/** The body of a stream as Nest writes it; what arrives is compared with it, byte by byte. */
export function expectedBody(events: number): string {
  let body = '\n';
  for (let id = 1; id <= events; id += 1) body += `id: ${id}\ndata: ${JSON.stringify({ text: WORD })}\n\n`;
  return body;
}
