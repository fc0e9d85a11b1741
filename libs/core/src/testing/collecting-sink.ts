import type { Recorder } from '../recorder.js';
import type { Sink, StageStart, TraceIdentity } from '../delivery/sink.js';
import type { StageExecution } from '../stage/stage-execution.js';

/** Remembers everything it is told, in order. */
export class CollectingSink implements Sink {
  readonly name: string;
  readonly #starts: StageStart[] = [];
  readonly #stages: StageExecution[] = [];
  readonly #traces: TraceIdentity[] = [];
  #recorder: Pick<Recorder, 'deliver'> | undefined;
  closeCount = 0;

  constructor(readonly scope: 'kept' | 'all' = 'kept') {
    this.name = `collecting ${scope}`;
  }

  /** From now on it is asked to hand on what it has put off before anything is read here. */
  receivesFrom(recorder: Pick<Recorder, 'deliver'>): void {
    this.#recorder = recorder;
  }

  get starts(): StageStart[] {
    this.#recorder?.deliver();
    return this.#starts;
  }

  get stages(): StageExecution[] {
    this.#recorder?.deliver();
    return this.#stages;
  }

  get traces(): TraceIdentity[] {
    this.#recorder?.deliver();
    return this.#traces;
  }

  get stageIds(): string[] {
    return this.stages.map((stage) => stage.stageId);
  }

  started(stage: StageStart): void {
    this.#starts.push(stage);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    this.#stages.push(stage);
    this.#traces.push(trace);
  }

  close(): void {
    this.closeCount += 1;
  }
}
