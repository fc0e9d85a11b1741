import { TraceLookups } from '../cache/trace-lookups.js';
import { EndedStages, MOST_STAGES, type StageReceiver } from '../delivery/ended-stages.js';
import { executionSummary, type TraceHeader } from './execution-summary.js';
import type { Recorder } from '../recorder.js';
import { rescueReason } from '../rescue.js';
import { OTHER_STAGE_ID } from '../stage/stage-id.js';
import { microseconds } from '../microseconds.js';
import type { Letter } from '../delivery/outbox.js';
import { type RootDescription, Stage } from '../stage/stage.js';
import { StartNotice } from './start-notice.js';
import { isCountedBelow } from '../counting/stage-counts.js';
import type { StageDefinition } from '../stage/stage-definition.js';
import { PendingCalls } from '../counting/pending-calls.js';
import type {
  Attributes,
  ExecutionSummary,
  KeptBecause,
  Outcome,
  StageExecution,
} from '../stage/stage-execution.js';
import type { UpstreamErrors } from './upstream-errors.js';
import { WindDown } from './wind-down.js';

/** Whoever knows what a trace was about. */
export interface TraceDescriber {
  /** Asked once, when the trace has ended and before anybody sees its record. */
  describeRoot(): RootDescription;
  /** Asked whenever somebody looks at the trace while it is open: what is known of it by then, an object to keep. */
  describeOpen(): Attributes;
}

/** All stages that share one trace id, usually one request. Open until its root stage ends. */
export class Trace implements TraceHeader, Letter, StageReceiver {
  /** The root stage; given up when the trace ends, so that a context that lives on does not keep the tree. */
  root: Stage | undefined;
  /** Set by whoever knows the request, at the latest before it is aborted. */
  route: string | undefined;
  readonly startedAt: number;
  /** What it throws is reported. */
  describer: TraceDescriber | undefined;
  /** The traces that were opened before and after it and are open; set by {@link OpenTraces}. */
  openedBefore: Trace | undefined;
  openedAfter: Trace | undefined;
  /** Counted calls inside one another that have not returned; they have no stage to say how deep they are. */
  countedDepth = 0;
  readonly #startMs: number;
  /** Whether stages right below the root are counted, see {@link counts}; undefined until somebody asks. */
  #isCounting: boolean | undefined;
  /** Whether stages are recorded: the trace is kept, or may be. */
  #isRecording: boolean;
  /** Why it is kept. The sampler is asked when somebody wants to know, at the latest when the ended trace is handed on. */
  #keptBecause: KeptBecause | 'undecided' | undefined;
  /** Why it is kept if the sampler does not keep it. */
  #rescuedBecause: KeptBecause | undefined;
  /** Stages that wait to be handed on, as long as further ones can be added. */
  #endedStages: EndedStages | undefined;
  /** The root, from the end of the trace until that is handed on. */
  #endedRoot: Stage | undefined;
  #stageCount = 1;
  /** Stages below the root that have not ended, held ones included. */
  #openStages = 0;
  #droppedStages = 0;
  /** Ended stages that wait to be handed on. */
  #waitingStages = 0;
  /** Whole microseconds, because V8 keeps an object for each number that is a field and no integer. */
  #answeredAfterUs: number | undefined;
  #abort: AbortController | undefined;
  #windDown: WindDown | undefined;
  #lookups: TraceLookups | undefined;
  /** Calls whose promises have not settled, and which are counted and not recorded; made for the first. */
  #pending: PendingCalls | undefined;
  /** Ended stages that sinks have not seen, because nothing had decided to keep the trace when they ended. */
  #undecided: StageExecution[] | undefined;

  constructor(
    readonly recorder: Recorder,
    readonly traceId: string,
    readonly threadId: string,
    definition: StageDefinition,
    /** False when tracking is off or a bound is reached: not even force makes the trace record. */
    readonly mayRecord: boolean,
    isForced: boolean,
  ) {
    this.startedAt = recorder.clock.wallNow();
    this.#startMs = recorder.clock.now();
    this.#keptBecause = isForced ? 'forced' : mayRecord ? recorder.keptFromTheStart : undefined;
    this.#isRecording = mayRecord && (recorder.isAllMeasured || this.keptBecause !== undefined);
    if (recorder.counts === undefined || !isCountedBelow(definition.kind)) this.#isCounting = false;
    this.root = new Stage(
      this,
      undefined,
      this.mayRecord ? this.#admitted(definition) : definition,
      this.#startMs,
    );
    this.#announce(this.root);
  }

  /** Why it is kept; undefined as long as nothing has decided to. */
  get keptBecause(): KeptBecause | undefined {
    if (this.#keptBecause === 'undecided') {
      this.#keptBecause = this.recorder.sampler.isSampled(this.threadId) ? 'sampled' : undefined;
    }
    return this.#keptBecause;
  }

  /** Aborts when nobody waits for the result any longer, because the client has left. Made when first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#windDown !== undefined) this.#abort.abort();
    return this.#abort.signal;
  }

  /** How its stages stop after an abort; undefined as long as there was none. */
  get windDown(): WindDown | undefined {
    return this.#windDown;
  }

  /** While a sink is told of a stage: whether that ended after the abort. */
  get isAborted(): boolean {
    return this.#windDown?.isTellingOfBefore === false;
  }

  /** Errors that provider stages ended with, those of other traces included: an answer may be shared. */
  get upstreamErrors(): UpstreamErrors {
    return this.recorder.upstreamErrors;
  }

  /** What was looked up in caches. */
  get lookups(): TraceLookups {
    return (this.#lookups ??= new TraceLookups());
  }

  now(): number {
    return this.recorder.clock.now();
  }

  /** Stages that were not recorded because of a limit. */
  get droppedStages(): number {
    return this.#droppedStages;
  }

  /** Milliseconds since it was opened; for a request, since its arrival. */
  get elapsedMs(): number {
    return this.now() - this.#startMs;
  }

  /** Epoch milliseconds of a reading of the monotonic clock: one wall reading serves the whole trace. */
  wallAt(monotonicMs: number): number {
    return microseconds(this.startedAt + (monotonicMs - this.#startMs));
  }

  /** The reading of the monotonic clock at this time, the reverse of {@link wallAt}. */
  monotonicAt(wallMs: number): number {
    return this.#startMs + (wallMs - this.startedAt);
  }

  /** Keeps this trace whatever the sampler said; stages that ended before are handed to the sinks at the end. */
  force(): void {
    if (this.root === undefined || !this.mayRecord) return;
    if (this.keptBecause === undefined) this.#keptBecause = 'forced';
    this.#isRecording = true;
    this.#isCounting = false;
    this.#pending?.promote();
  }

  /** Notes the moment of the first result, which is what "slow" means for a stream; returns it in ms from the start. */
  markAnswered(): number {
    this.#answeredAfterUs ??= Math.round(this.elapsedMs * 1_000);
    return Math.max(0, this.#answeredAfterUs / 1_000);
  }

  /** Starts a stage; undefined when it is not to be recorded, and its work then runs as a plain call. */
  openStage(parent: Stage, definition: StageDefinition, attributes?: Attributes): Stage | undefined {
    return this.admits(parent, definition) ? this.start(parent, definition, attributes) : undefined;
  }

  /** Whether a stage is to be recorded; then {@link start} has to follow, because it is counted already. */
  admits(parent: Stage, definition: StageDefinition): boolean {
    if (definition.force) this.force();
    if (!this.#isRecording || this.recorder.isDelivering) return false;
    const { stagesPerTrace, stageDepth } = this.recorder.limits;
    if (this.root === undefined || this.#windDown !== undefined) return this.#refuseLate();
    const depth = parent.depth + this.countedDepth;
    if (this.#stageCount >= stagesPerTrace || depth >= stageDepth) return this.#refuseFurther();
    this.#stageCount += 1;
    return true;
  }

  #refuseLate(): false {
    this.recorder.drops.lateStages += 1;
    return false;
  }

  #refuseFurther(): false {
    this.recorder.drops.stages += 1;
    this.#droppedStages += 1;
    return false;
  }

  /** Stages admitted so far, the root included. */
  get stageCount(): number {
    return this.#stageCount;
  }

  /** Starts a stage that was admitted. */
  start(parent: Stage, definition: StageDefinition, attributes?: Attributes, startMs = this.now()): Stage {
    const stage = new Stage(this, parent, this.#admitted(definition), startMs);
    this.#openStages += 1;
    if (attributes !== undefined) stage.startWith(attributes);
    this.#announce(stage);
    return stage;
  }

  /**
   * Whether a plain stage is counted and not recorded, because nobody keeps the trace. Only right below the root: what
   * sets an attribute in it then sets it where work outside of every stage does. Not below a root whose attributes are
   * read: a cache, a provider, a stream.
   */
  counts(parent: Stage): boolean {
    return parent === this.root && (this.#isCounting ??= this.keptBecause === undefined);
  }

  /** Calls whose promises have not settled, of stages that are counted. */
  get pending(): PendingCalls {
    return (this.#pending ??= new PendingCalls());
  }

  /** Counts a stage that ends now. */
  count(definition: StageDefinition, given: Outcome, startMs: number): void {
    const now = this.now();
    const outcome = this.root === undefined ? this.#lateOutcome() : given;
    const count = this.recorder.counts?.of(definition);
    if (count !== undefined) count.add(outcome, now - startMs, this.startedAt + (now - this.#startMs));
  }

  #lateOutcome(): Outcome {
    this.recorder.drops.lateStages += 1;
    return 'cancelled';
  }

  /** Called by a stage below the root when it has ended. */
  stageEnded(stage: Stage): void {
    this.#openStages -= 1;
    if (!this.#isRecording) return;
    this.#waitingStages += 1;
    // Of a kept trace sinks get each stage itself.
    if (this.#isKnownToBeKept) this.recorder.putOff(stage);
    else if (this.#endedStages === undefined || this.#endedStages.isFull) this.#putOffWith(stage);
    else this.#endedStages.add(stage);
    this.#windDown?.ended(stage);
  }

  #putOffWith(stage: Stage): void {
    // What has to be looked at again in any case is a letter of its own, and those that end from now on come after it.
    if (stage.plainDefinition === undefined) {
      this.#endedStages = undefined;
      this.recorder.putOff(stage);
      return;
    }
    const stages = new EndedStages(this);
    stages.add(stage);
    this.#endedStages = stages;
    this.recorder.putOff(stages, MOST_STAGES);
  }

  get #isKnownToBeKept(): boolean {
    return this.#keptBecause !== undefined && this.#keptBecause !== 'undecided';
  }

  /** Hands on a stage below the root that has ended. Those that ended before an abort come first. */
  deliverStage(stage: Stage, definition: StageDefinition): void {
    this.#waitingStages -= 1;
    this.#windDown?.tells();
    this.#tell(stage, definition);
    if (this.keptBecause === undefined && this.#mayBeKept) (this.#undecided ??= []).push(stage);
    this.#windDown?.hasTold();
  }

  /** The same of a plain one that ended well, as far as nothing has decided to keep the trace. */
  countStage(stage: Stage, definition: StageDefinition, durationMs: number, endedAt: number): boolean {
    const { countsOfRecorded: counts } = this.recorder;
    if (counts === undefined || this.keptBecause !== undefined) return false;
    this.#waitingStages -= 1;
    this.#windDown?.tells();
    this.#windDown?.hasTold();
    if (this.#mayBeKept) (this.#undecided ??= []).push(stage);
    counts.ofAdmitted(definition).add('ok', durationMs, endedAt);
    return true;
  }

  deliveryFailed(error: unknown): void {
    this.recorder.reportInternalError('delivery', error);
  }

  #tell(stage: StageExecution, definition: StageDefinition): void {
    this.recorder.measure(definition, stage, this);
    if (this.keptBecause !== undefined) this.recorder.kept.record(stage, this);
  }

  /** Of a trace that nothing has decided to keep so far. */
  get #mayBeKept(): boolean {
    return this.root !== undefined || this.#rescuedBecause !== undefined;
  }

  /**
   * Nobody waits for the result since `atMs`, a reading of the monotonic clock: the signal aborts, no further stage
   * starts, and the root's duration is settled. Happens once.
   */
  abort(atMs: number): void {
    if (this.root === undefined || this.#windDown !== undefined) return;
    // Before the clock of the root stops, which they cover.
    this.#pending?.promote();
    this.root.hold(false, atMs);
    this.#startWindDown(atMs);
  }

  /**
   * Calls `onStopped`, which has to end the root, when the stages of an aborted trace that are running have ended by
   * themselves: at once if none is, at the latest after the recorder's `abortGraceMs`.
   */
  whenStopped(onStopped: () => void): void {
    const end = (): void => this.recorder.attempt('trace end', onStopped);
    if (this.root === undefined || this.#windDown === undefined) end();
    else this.#windDown.wait(this.root.runningSubstages(), this.recorder.abortGraceMs, end);
  }

  /** Ends the root with this outcome and everything still open as cancelled. Further calls do nothing. */
  end(outcome: Outcome): void {
    const root = this.root;
    if (root === undefined) return;
    // First of all: stages whose work stops at once still end by themselves.
    if (outcome === 'cancelled' && this.#windDown === undefined) this.#startWindDown(this.now());
    this.#pending?.promote();
    this.#pending = undefined;
    const now = this.now();
    // Asked first: most traces end when everything in them has, and the tree may be large.
    if (this.#openStages > 0) root.closeSubstages(now);
    const answeredAfterMs =
      this.#answeredAfterUs === undefined
        ? (this.#windDown?.abortedAtMs ?? now) - this.#startMs
        : this.#answeredAfterUs / 1_000;
    root.finish(outcome, now);
    this.#learnFrom(root);
    this.root = undefined;
    this.recorder.traceEnded(this);
    if (!this.#isRecording) {
      this.describer = undefined;
      return;
    }
    this.#rescuedBecause = rescueReason(this.recorder.rescue, outcome, answeredAfterMs);
    this.#endedRoot = root;
    this.recorder.putOff(this);
  }

  delivered(stages: EndedStages): void {
    if (this.#endedStages === stages) this.#endedStages = undefined;
  }

  /** Hands the ended trace on: the last moment to keep it; if it is, the sinks get the stages they have not seen. */
  deliver(): void {
    const root = this.#endedRoot;
    if (root === undefined) return;
    this.#endedRoot = undefined;
    if (this.keptBecause === undefined) this.#keptBecause = this.#rescuedBecause;
    const { describer } = this;
    this.describer = undefined;
    if (describer !== undefined) this.#describeEnded(root, describer);
    const record = root.giveAway();
    if (this.keptBecause !== undefined) {
      for (const stage of this.#undecided ?? []) this.recorder.kept.record(stage, this);
    }
    this.#tell(record, root.definition);
    this.#undecided = undefined;
    if (this.keptBecause !== undefined) this.recorder.keep(this, record);
  }

  /** Every trace has this done, and a function for `attempt` would be made each time. */
  #describeEnded(root: Stage, describer: TraceDescriber): void {
    try {
      root.describeEnded(describer.describeRoot());
    } catch (error) {
      this.recorder.reportInternalError('trace description', error);
    }
  }

  /** The summary so far; undefined when the trace has ended (the history has it then) or nothing may keep it. */
  runningSummary(): ExecutionSummary | undefined {
    if (this.root === undefined || !this.#isRecording) return undefined;
    if (this.keptBecause === undefined && this.recorder.counts !== undefined) return undefined;
    return executionSummary(this, this.#described(this.root.snapshot(this.now())), true);
  }

  #described(root: StageExecution): StageExecution {
    const { describer } = this;
    if (describer === undefined) return root;
    const known = this.recorder.attempt('trace description', () => describer.describeOpen());
    return { ...root, attributes: { ...known, ...root.attributes } };
  }

  /** What it costs to miss a cache is what a trace did after it; one that did not end well tells nothing. */
  #learnFrom(root: StageExecution): void {
    const lookups = this.#lookups;
    if (lookups === undefined) return;
    this.#lookups = undefined;
    if (root.outcome !== 'ok' || this.#windDown !== undefined) return;
    this.#settle(lookups, root);
  }

  // Apart, because a function that makes another one takes memory whether it makes it or not.

  #settle(lookups: TraceLookups, root: StageExecution): void {
    this.recorder.attempt('cache savings', () => {
      lookups.settle(root, this.#droppedStages === 0, this.recorder.savings);
    });
  }

  #startWindDown(atMs: number): WindDown {
    const stagesBefore = this.#waitingStages;
    this.#pending?.promote();
    const windDown = new WindDown(atMs, stagesBefore);
    this.#windDown = windDown;
    this.#abort?.abort();
    return windDown;
  }

  #admitted(definition: StageDefinition): StageDefinition {
    return definition.admittedBy === this.recorder.stageIds ? definition : this.#admittedNow(definition);
  }

  #admittedNow(definition: StageDefinition): StageDefinition {
    const { stageIds } = this.recorder;
    if (stageIds.admits(definition.stageId)) {
      definition.admittedBy = stageIds;
      return definition;
    }
    this.recorder.drops.stageIds += 1;
    return { ...definition, stageId: OTHER_STAGE_ID, stageName: 'Other', latest: undefined };
  }

  #announce(stage: Stage): void {
    const isKept = this.#keptBecause !== undefined && this.#isRecording;
    if (isKept && this.recorder.kept.wantsStart(stage.kind)) {
      this.recorder.putOff(new StartNotice(stage, this.#keptBecause === 'undecided'));
      // What ends from now on is handed on after it.
      this.#endedStages = undefined;
    }
  }
}
