export { type Clock, systemClock } from './clock.js';
export { type Call, callInContext, currentContext, currentStage, runInStage } from './context/context.js';
export { describeError, type ErrorDescription } from './stage/describe-error.js';
export { type StageDefinition, stageDefinition, type StageOptions } from './stage/stage-definition.js';
export type { DropCounts } from './drop-counts.js';
export { ExecutionTracker, type ProviderStageOptions, type RunTraceOptions } from './execution-tracker.js';
export { GapHistogram } from './statistics/gap-histogram.js';
export { formatSummary } from './trace/format-summary.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export { microseconds } from './microseconds.js';
export { TRACE_ID_HEADER } from './trace/outgoing-headers.js';
export { picoOf, type PicoUnits, unitsOf } from './pico-units.js';
export type { ChunkContent, ChunkReader, TokenUsage } from './provider/chunk-reader.js';
export { type Gaps, gapsOf } from './provider/gaps-of.js';
export type { Prompt, ProviderCall } from './provider/provider-call.js';
export type { UsageSource } from './provider/call-usage.js';
export type { Cost, PricedCall, ProviderSupport } from './provider/provider-support.js';
export { readChunk } from './provider/read-chunk.js';
export type { StageListener } from './stage/stage-listener.js';
export {
  DEFAULT_ABORT_GRACE_MS,
  DEFAULT_CLOSE_TIMEOUT_MS,
  DEFAULT_SAMPLE_RATE,
  Recorder,
  type RecorderOptions,
  type TraceStart,
} from './recorder.js';
export { DEFAULT_RESCUE, type RescueRules } from './rescue.js';
export type { ResultShape } from './completion/result-shape.js';
export { bucketOf, Sampler } from './sampler.js';
export type { CountedStage, Sink, StageCounter, StageStart, TraceIdentity } from './delivery/sink.js';
export type { InternalErrorReporter } from './delivery/sink-fan-out.js';
export type { RootDescription, Stage } from './stage/stage.js';
export type {
  Attributes,
  AttributeValue,
  ExecutionSummary,
  KeptBecause,
  Metadata,
  Outcome,
  StageExecution,
  StageKind,
  StreamEnding,
} from './stage/stage-execution.js';
export { OTHER_STAGE_ID, STAGE_ID_PATTERN, stageNameOf } from './stage/stage-id.js';
export type { StageStatistics } from './statistics/stage-statistics.js';
export type { Trace, TraceDescriber } from './trace/trace.js';
export { acceptTraceId, createTraceId, TRACE_ID_PATTERN } from './trace/trace-id.js';
export { ENABLED_VARIABLE } from './tracking-switch.js';
export { TrackStage, type TrackStageDecorator } from './track-stage.js';
export { causesOf, type UpstreamErrors } from './trace/upstream-errors.js';
export { ABORT_LAG, type WindDown } from './trace/wind-down.js';
