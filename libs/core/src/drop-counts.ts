/** How often each bound turned something away, and what came too late; all zero in a healthy process. */
export interface DropCounts {
  /** Stages beyond the limits `stagesPerTrace` and `stageDepth`. */
  stages: number;
  /** Traces beyond the limit `openTraces`. */
  openTraces: number;
  /** Ended traces that made room in the history (limit `tracesInHistory`). */
  historyTraces: number;
  /** Executions recorded as `other`: a malformed stage id or one beyond the limit `stageIds`. */
  stageIds: number;
  /** Attributes that were malformed, cut or beyond `attributesPerStage`. */
  attributes: number;
  /** Stages that started, or ended, after their trace had ended. */
  lateStages: number;
  /** Values in log lines that were cut or left out: too long, too deep, or beyond what one line may have. */
  logValues: number;
  /** Look-ups in caches beyond the limit `cacheNames`, which do not say what they saved. */
  cacheNames: number;
  /** Calls to a provider whose tokens are known and whose price is not. */
  unpricedCalls: number;
  /** Errors inside the engine, a sink or a callback given as an option; none reached business code. */
  internalErrors: number;
}

/** All counters at zero. */
export function noDrops(): DropCounts {
  return {
    stages: 0,
    openTraces: 0,
    historyTraces: 0,
    stageIds: 0,
    attributes: 0,
    lateStages: 0,
    logValues: 0,
    cacheNames: 0,
    unpricedCalls: 0,
    internalErrors: 0,
  };
}
