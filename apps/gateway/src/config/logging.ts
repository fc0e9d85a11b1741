import { traceMixin } from '@followspot/nestjs';
import type { Params } from 'nestjs-pino';
import type { GatewayConfig } from './gateway-config.js';

/**
 * JSON lines on standard output, each with the trace id of the request it belongs to. Followspot's line
 * about the request is the one line per request, so pino-http's middleware is mounted on no route.
 */
export function logging(config: GatewayConfig): Params {
  return {
    // pino writes to standard output synchronously unless it is told otherwise: no line is lost when the process ends.
    pinoHttp: { level: config.logLevel, mixin: traceMixin },
    forRoutes: [],
  };
}
