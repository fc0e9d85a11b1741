export {
  type Attributes,
  type AttributeValue,
  type ChunkContent,
  type ChunkReader,
  type DropCounts,
  type ExecutionSummary,
  ExecutionTracker,
  formatSummary,
  type Limits,
  type Outcome,
  type Prompt,
  type ProviderCall,
  type ProviderStageOptions,
  readChunk,
  type RescueRules,
  type RunTraceOptions,
  type Sink,
  type StageExecution,
  type StageKind,
  type StageOptions,
  type StageStart,
  type StageStatistics,
  type StreamEnding,
  type TokenUsage,
  TRACE_ID_HEADER,
  type TraceIdentity,
  TrackStage,
} from '@followspot/core';
export {
  type CacheMetrics,
  type ErrorDetails,
  type LineDetails,
  type LogLimits,
  ObservabilityLogger,
  type PinoRedaction,
  pinoRedaction,
  type ProviderMetrics,
  type RequestMetrics,
  type SseMetrics,
  traceMixin,
} from '@followspot/sinks/log';
export type { MetricsOptions, MetricsRegistryOption } from './config/metrics-options.js';
export type { ObservabilityOptions } from './config/observability-options.js';
export { type EventId, formatEventId, parseEventId } from './stream/event-id.js';
export { failureEvent } from './stream/failure-event.js';
export type { LogOptions } from './logging/log-options.js';
export { TraceIdInterceptor } from './http/trace-id.interceptor.js';
export type { Budget, BudgetPassed } from './provider/budget-options.js';
export type { Price, ProviderOptions } from './provider/provider-options.js';
export { heartbeat } from './rxjs/heartbeat.js';
export { ObservabilityModule } from './observability.module.js';
