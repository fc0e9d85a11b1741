import type { ObservabilityOptions } from '@followspot/nestjs';
import type { GatewayConfig } from './gateway-config.js';

/** Whoever sends this header with the value 1 gets their trace kept, where that is honoured. */
export const FORCE_TRACKING_HEADER = 'X-Force-Tracking';

/** Beside the engine's defaults: who may force a trace, and metrics at `/metrics`. */
export function observability(config: GatewayConfig): ObservabilityOptions {
  return {
    ...(config.sampleRate !== undefined && { sampleRate: config.sampleRate }),
    force: (request) =>
      config.isForceHeaderHonoured && request.headers[FORCE_TRACKING_HEADER.toLowerCase()] === '1',
    ...(config.monthlyBudget !== undefined && {
      provider: { budget: { monthly: config.monthlyBudget } },
    }),
    metrics: { path: '/metrics' },
  };
}
