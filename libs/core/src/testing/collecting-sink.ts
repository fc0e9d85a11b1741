import type { Sink, StageStart, TraceIdentity } from '../sink.js';
import type { StageExecution } from '../stage-execution.js';

/** Remembers everything it is told, in order. */
export class CollectingSink implements Sink {
  readonly name: string;
  readonly starts: StageStart[] = [];
  readonly stages: StageExecution[] = [];
  readonly traces: TraceIdentity[] = [];
  closeCount = 0;

  constructor(readonly scope: 'kept' | 'all' = 'kept') {
    this.name = `collecting ${scope}`;
  }

  get stageIds(): string[] {
    return this.stages.map((stage) => stage.stageId);
  }

  started(stage: StageStart): void {
    this.starts.push(stage);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    this.stages.push(stage);
    this.traces.push(trace);
  }

  close(): void {
    this.closeCount += 1;
  }
}
