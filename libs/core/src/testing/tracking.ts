import { ExecutionTracker } from '../execution-tracker.js';
import { Recorder, type RecorderOptions } from '../recorder.js';
import type { Sink } from '../delivery/sink.js';
import type { ExecutionSummary, StageExecution } from '../stage/stage-execution.js';
import { CollectingSink } from './collecting-sink.js';
import { ManualClock } from './manual-clock.js';

/** A tracker that keeps every trace, on a clock that is moved by hand, with a sink of each scope or of `kept` alone. */
export class Tracking {
  readonly clock = new ManualClock();
  readonly kept = new CollectingSink('kept');
  readonly all = new CollectingSink('all');
  readonly recorder: Recorder;
  readonly tracker: ExecutionTracker;

  constructor(options: RecorderOptions = {}, scopes: 'kept and all' | 'kept' = 'kept and all') {
    const { sinks = [], ...others } = options;
    const own = scopes === 'kept' ? [this.kept] : [this.kept, this.all];
    this.recorder = new Recorder({
      sampleRate: 1,
      clock: this.clock,
      sinks: [...own, ...sinks],
      ...others,
    });
    for (const sink of [...own, ...sinks]) if (isReceiving(sink)) sink.receivesFrom(this.recorder);
    this.tracker = new ExecutionTracker(this.recorder);
  }

  /** Runs `fn` in a trace with the thread id `t` whose root stage is `ROOT`. */
  run<T>(fn: () => T): T {
    return this.tracker.runTrace('ROOT', fn, { threadId: 't' });
  }

  /** The trace that ended last. */
  get summary(): ExecutionSummary {
    const summary = this.recorder.history.latest('t');
    if (summary === undefined) throw new Error('no trace was kept');
    return summary;
  }

  /** The root of the trace that ended last. */
  get root(): StageExecution {
    const [root] = this.summary.stages;
    if (root === undefined) throw new Error('a summary without stages');
    return root;
  }

  /** The only stage of this id in the trace that ended last. */
  stage(stageId: string): StageExecution {
    const found = stagesOf(this.root).filter((stage) => stage.stageId === stageId);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`${found.length} stages ${stageId} in ${treeOf(this.root)}`);
    }
    return found[0];
  }

  /** The trace that ended last, as {@link treeOf} writes it. */
  get tree(): string {
    return treeOf(this.root);
  }
}

/** A sink of the tests, which shows nothing that waits to be handed on as missing. */
function isReceiving(sink: Sink): sink is Sink & Pick<CollectingSink, 'receivesFrom'> {
  return 'receivesFrom' in sink;
}

/** A stage and all below it, in the order in which they started. */
export function stagesOf(root: StageExecution): StageExecution[] {
  return [root, ...root.substages.flatMap(stagesOf)];
}

/** A tree in one line: `ROOT(A(A1) B)`. */
function treeOf(stage: StageExecution): string {
  const substages = stage.substages.map(treeOf).join(' ');
  return substages === '' ? stage.stageId : `${stage.stageId}(${substages})`;
}
