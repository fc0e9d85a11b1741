export type {
  CacheMetrics,
  ErrorDetails,
  LineDetails,
  ProviderMetrics,
  RequestMetrics,
  SseMetrics,
} from './log-events.js';
export { DEFAULT_LOG_LIMITS, type LogLimits } from './log-limits.js';
export { LogSink, type LogSinkOptions } from './log-sink.js';
export type { LogLevel, LogWriter } from './log-writer.js';
export {
  type LogFaults,
  ObservabilityLogger,
  type ObservabilityLoggerOptions,
} from './observability-logger.js';
export { type PinoRedaction, pinoRedaction } from './pino-redaction.js';
export { traceMixin } from './trace-mixin.js';
