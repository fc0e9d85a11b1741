import { currentStage, ExecutionTracker, Recorder, type StageExecution } from '@followspot/core';
import { observableShape } from '../rxjs/observable-shape.js';
import { CollectingSink } from './collecting-sink.js';

/** An engine that knows Observables, without any application. */
export class TracedEngine {
  readonly sink = new CollectingSink();
  readonly recorder = new Recorder({ sampleRate: 1, shapes: [observableShape], sinks: [this.sink] });
  readonly tracker = new ExecutionTracker(this.recorder);

  constructor() {
    this.sink.receivesFrom(this.recorder);
  }

  /** Runs `fn` in a trace that is open until `end` is called. */
  trace<T>(traceId: string, fn: () => T): { result: T; end: () => void; inside: <R>(run: () => R) => R } {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let inside!: <R>(run: () => R) => R;
    let result!: T;
    void this.tracker.runTrace(
      'ROOT',
      () => {
        const root = currentStage();
        inside = (run) => (root === undefined ? run() : root.run(run));
        result = fn();
        return promise;
      },
      { traceId, name: traceId },
    );
    return {
      result,
      end: () => {
        resolve(undefined);
      },
      inside,
    };
  }

  /** The stages with this id that have ended, oldest first. */
  ended(stageId: string): StageExecution[] {
    return this.sink.stages.map(({ stage }) => stage).filter((stage) => stage.stageId === stageId);
  }
}

/** Where this code is running: the trace and the stage, as text. */
export function here(): string {
  const stage = currentStage();
  return stage === undefined ? 'nowhere' : `${stage.trace.traceId}/${stage.stageId}`;
}
