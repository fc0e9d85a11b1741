// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { ObservabilityOptions } from '@followspot/nestjs';

/** How a variant differs from the bare application. */
export interface HttpVariant {
  /** What the module is set up with; without it the application does not have the module. */
  readonly module?: ObservabilityOptions;
  /** A global interceptor that hands everything on as it is. */
  readonly interceptor?: true;
  /** A global interceptor that makes one `observe` of prom-client for each request. */
  readonly promClient?: true;
  /** Does what nobody who traces can do without, and nothing else; see `limit.ts`. */
  readonly limit?: true;
  /** Makes of every kept trace what an exporter would send; see `otlp-records.ts`. */
  readonly otlp?: true;
  /** The share of traces that OpenTelemetry samples; it is loaded before everything else. Needs the peers. */
  readonly openTelemetry?: number;
}

/** The application without the module; measured twice, it shows the noise. */
export const BARE = 'bare';
export const BARE_AGAIN = 'bare, measured again';
export const LIMIT = 'physical limit';
const INTERCEPTOR = 'bare, with an interceptor that does nothing';
const PROM_CLIENT = 'bare, with one prom-client histogram';
/** The one that most targets are about: trace ids, metrics of every request, stages and lines of every tenth. */
export const DEFAULTS = 'module, defaults';
export const ALL_KEPT = 'module, every trace kept';
export const ALL_READY = 'module, every trace kept and made ready for OTLP';
export const RECORDED = 'OpenTelemetry, recorded';
const TENTH_RECORDED = 'OpenTelemetry, one trace in ten recorded';

/** The fourth is what Nest alone takes for a global interceptor, with which most observability begins. */
export const VARIANTS: ReadonlyMap<string, HttpVariant> = new Map<string, HttpVariant>([
  [BARE, {}],
  [BARE_AGAIN, {}],
  [LIMIT, { limit: true }],
  [INTERCEPTOR, { interceptor: true }],
  ['module, disabled', { module: { enabled: false } }],
  [DEFAULTS, { module: {} }],
  [ALL_KEPT, { module: { sampleRate: 1 } }],
]);

/** The same, and what others take. */
export const REQUEST_VARIANTS: ReadonlyMap<string, HttpVariant> = new Map<string, HttpVariant>([
  ...VARIANTS,
  [ALL_READY, { module: { sampleRate: 1 }, otlp: true }],
  [PROM_CLIENT, { promClient: true }],
  [RECORDED, { openTelemetry: 1 }],
  [TENTH_RECORDED, { openTelemetry: 0.1 }],
]);

/** Whether its answers carry a trace id. */
export function isTraced({ module, limit }: HttpVariant): boolean {
  return module !== undefined || limit === true;
}
