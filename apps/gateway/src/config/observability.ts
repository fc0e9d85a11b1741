import { Logger } from '@nestjs/common';
import type { Budget, ObservabilityOptions } from '@followspot/nestjs';
import { EMBEDDED_PROVIDER } from '../answer/answerer.js';
import type { GatewayConfig } from './gateway-config.js';

/** Whoever sends this header with the value 1 gets their trace kept, where that is honoured. */
export const FORCE_TRACKING_HEADER = 'X-Force-Tracking';

/** Quoting costs nothing. That is said, because a cost that is not said is unknown. */
const EMBEDDED = { ...EMBEDDED_PROVIDER, input: 0, output: 0, perCall: 0 };

/** Beside the engine's defaults: who may force a trace, what quoting costs, and metrics at `/metrics`. */
export function observability(config: GatewayConfig): ObservabilityOptions {
  return {
    ...(config.sampleRate !== undefined && { sampleRate: config.sampleRate }),
    force: (request) =>
      config.isForceHeaderHonoured && request.headers[FORCE_TRACKING_HEADER.toLowerCase()] === '1',
    provider: {
      prices: [EMBEDDED],
      ...(config.monthlyBudget !== undefined && { budget: budgetOf(config.monthlyBudget) }),
    },
    metrics: { path: '/metrics' },
  };
}

function budgetOf(monthly: number): Budget {
  const logger = new Logger('Budget');
  return {
    monthly,
    onPassed: ({ spent, currency, month }) => {
      logger.warn(`MONTHLY_BUDGET is passed: ${spent} of ${monthly} ${currency} are spent in ${month}`);
    },
  };
}
