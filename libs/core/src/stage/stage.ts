import { areTaken, areWithin, NO_ATTRIBUTES, withAttribute, withOwn } from './attributes.js';
import { currentStage, runInStage } from '../context/context.js';
import { CoveredTime, type Span } from './covered-time.js';
import { describeError } from './describe-error.js';
import { isAbortError } from './is-abort-error.js';
import { microseconds } from '../microseconds.js';
import type { Limits } from '../limits.js';
import type { Letter } from '../delivery/outbox.js';
import type { StageListener } from './stage-listener.js';
import { isPlain } from '../counting/stage-counts.js';
import type { StageDefinition } from './stage-definition.js';
import type {
  Attributes,
  AttributeValue,
  Metadata,
  Outcome,
  StageExecution,
  StageKind,
  StreamEnding,
} from './stage-execution.js';
import { deepestFirst, snapshotOf } from './stage-tree.js';
import type { Trace } from '../trace/trace.js';
import { ABORT_LAG } from '../trace/wind-down.js';

/**
 * What a stage is doing. A stage is `held` between the return of a method and the first use of the stream it returned:
 * nothing runs then, so that time is not counted. `unused` is held, too, and is `dropped` without a record if it stays
 * so. `closed` is ended by the end of its trace, while its work was running.
 */
type State = 'open' | 'held' | 'unused' | 'ended' | 'closed' | 'dropped';

/** What is known of a root stage in the end. The same one may be given for many traces; nothing changes it then. */
export interface RootDescription {
  readonly stageName: string;
  readonly attributes: Attributes;
  /** Limits that its attributes are known to be within; set by whoever has compared them. */
  within?: Limits | undefined;
}

/** Shared by every stage that has no substage. */
const NO_SUBSTAGES: readonly Stage[] = Object.freeze([]);

/**
 * One stage from start to end. While it is open it carries the bookkeeping in private fields; what is public is the
 * {@link StageExecution} that sinks and summaries read, final once the stage has ended. One object does both, because
 * a second one per stage is what tracking would cost most. For the same reason it has few fields, and what most stages
 * never need is in an object of its own.
 */
export class Stage implements StageExecution, Letter {
  readonly stageId: string;
  stageName: string;
  readonly kind: StageKind;
  outcome: Outcome = 'ok';
  success = true;
  durationMs = 0;
  selfTimeMs = 0;
  startedAt: number;
  ending: StreamEnding | undefined = undefined;
  // Fields of its own only once it has failed, because nearly none does.
  declare errorType: string | undefined;
  declare errorMessage: string | undefined;
  declare errorStatus: number | undefined;
  declare errorCauses: readonly string[] | undefined;
  attributes: Attributes = NO_ATTRIBUTES;
  readonly metadata: Metadata;
  substages: readonly Stage[] = NO_SUBSTAGES;

  static {
    const none = {
      errorType: undefined,
      errorMessage: undefined,
      errorStatus: undefined,
      errorCauses: undefined,
    };
    Object.assign(this.prototype, none);
  }

  readonly #depth: number;
  readonly #trace: Trace;
  #definition: StageDefinition;
  #parent: Stage | undefined;
  #state: State = 'open';
  /** While the clock goes, its reading at the start, later by the time it stood; otherwise how long it has gone. */
  #clockMs: number;
  #isClaimed = false;
  /** Made where the stage is declared to have one. */
  #listener: StageListener | undefined;
  #covered: CoveredTime | undefined;

  constructor(trace: Trace, parent: Stage | undefined, definition: StageDefinition, startMs: number) {
    this.stageId = definition.stageId;
    this.stageName = definition.stageName;
    this.kind = definition.kind;
    this.metadata = definition.metadata;
    this.startedAt = trace.wallAt(startMs);
    this.#trace = trace;
    this.#definition = definition;
    this.#parent = parent;
    this.#clockMs = startMs;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
    if (definition.listener !== undefined) this.#listener = definition.listener(this);
    if (parent !== undefined) parent.#adopt(this, startMs);
  }

  #adopt(substage: Stage, startMs: number): void {
    this.#covered ??= new CoveredTime();
    if (this.#covered.hasCoveredSince(startMs) && this.#state === 'open') this.#coverSince(startMs);
    else this.#covered.substageRuns(startMs);
    if (this.substages === NO_SUBSTAGES) this.substages = [substage];
    else (this.substages as Stage[]).push(substage);
  }

  /** For a substage that was counted until now. Rare: the others are read only then. */
  #coverSince(startMs: number): void {
    const now = this.#trace.now();
    const others = this.substages.map((substage) => substage.#spanMs(now));
    this.#covered?.substageHasRun(startMs, now, others);
  }

  /** From when to when it ran, readings of the monotonic clock; if it was held meanwhile, as if it had been before. */
  #spanMs(now: number): Span {
    const isGoing = this.#state === 'open';
    const fromMs = isGoing ? this.#clockMs : this.#trace.monotonicAt(this.startedAt);
    return [fromMs, isGoing ? now : fromMs + (this.hasEnded ? this.durationMs : this.#clockMs)];
  }

  /** The trace it belongs to, also when both have ended. */
  get trace(): Trace {
    return this.#trace;
  }

  /** What it was made by. */
  get definition(): StageDefinition {
    return this.#definition;
  }

  /** How many stages this one is in; 0 for the root. */
  get depth(): number {
    return this.#depth;
  }

  /** Whether the record is final. */
  get hasEnded(): boolean {
    return !(this.#state === 'open' || this.#state === 'held' || this.#state === 'unused');
  }

  /** Runs `fn` as code of this stage: stages that start within become its substages. */
  run<T>(fn: () => T): T {
    return runInStage(this, fn);
  }

  /** Sets an attribute within the limits; does nothing once the stage has ended. */
  setAttribute(key: string, value: AttributeValue): void {
    if (this.hasEnded) return;
    const { limits, drops } = this.#trace.recorder;
    this.attributes = withAttribute(this.attributes, key, value, limits, drops);
  }

  /** Sets the first attributes, each as {@link setAttribute} does. */
  startWith(attributes: Attributes): void {
    const own = { ...attributes };
    if (areTaken(own, this.#trace.recorder.limits)) this.attributes = own;
    else this.setAttributes(own);
  }

  /**
   * What is known of the stage itself, a few keys at most. Unlike the application's attributes it always has its place.
   * @param attributes An object that is given away.
   */
  describe(attributes: Attributes): void {
    if (!this.hasEnded) this.#describe(attributes);
  }

  /** The same of the root of a trace that has ended and was not handed on, and its name. */
  describeEnded(description: RootDescription): void {
    const { limits } = this.#trace.recorder;
    const { stageName, attributes } = description;
    this.stageName = stageName;
    if (this.attributes === NO_ATTRIBUTES && description.within === limits) {
      this.attributes = attributes;
      return;
    }
    if (areWithin(attributes, limits)) description.within = limits;
    this.#describe(attributes);
  }

  #describe(attributes: Attributes): void {
    const { limits, drops } = this.#trace.recorder;
    if (this.attributes === NO_ATTRIBUTES && areWithin(attributes, limits)) this.attributes = attributes;
    else this.attributes = withOwn(this.attributes, attributes, limits, drops);
  }

  /** The same for text of a prompt or an answer, within the limit `contentLength`; undefined is nothing to set. */
  setContent(key: string, text: string | undefined): void {
    if (text === undefined || this.hasEnded) return;
    const { limits, drops } = this.#trace.recorder;
    const longer = { ...limits, attributeLength: limits.contentLength };
    this.attributes = withAttribute(this.attributes, key, text, longer, drops);
  }

  /** Sets several attributes, each as {@link setAttribute} does. */
  setAttributes(attributes: Attributes): void {
    for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value);
  }

  /** Milliseconds that the stage has lasted so far, without the time in which it was held. */
  get elapsedMs(): number {
    return this.#state === 'open' ? this.#trace.now() - this.#clockMs : this.#clockMs;
  }

  /** Whether anybody listens to {@link chunk} and {@link value}. */
  get isListenedTo(): boolean {
    return this.#listener !== undefined;
  }

  /** One piece of the result has been produced. */
  chunk(value: unknown): void {
    if (this.#listener !== undefined && !this.hasEnded) this.#listener.chunk(value);
  }

  /** The work came to a value that is no stream. */
  value(value: unknown): void {
    if (this.#listener !== undefined && !this.hasEnded) this.#listener.value(value);
  }

  /**
   * Holds the stage for the first use of the stream that its work came to, also where the work itself was held and
   * claimed before, as that of a lazy thenable is.
   */
  holdForUse(isDiscardable: boolean): void {
    if (this.#state === 'open') this.#isClaimed = false;
    this.hold(isDiscardable);
  }

  /**
   * Stops the clock: the work goes on when the stream that was returned is first used.
   * @param isDiscardable Whether nothing has happened yet, so that a stream nobody uses leaves no record.
   * @param now The reading of the monotonic clock at which it stops.
   */
  hold(isDiscardable: boolean, now = this.#trace.now()): void {
    if (this.#state !== 'open') return;
    this.#state = isDiscardable ? 'unused' : 'held';
    this.#clockMs = now - this.#clockMs;
    this.#covered?.stop(now);
    this.#pausesForParent(now);
  }

  /**
   * The stage that one use of a returned stream belongs to: this one for the first use, as long as it happens in this
   * trace; otherwise a new one where the stream is used. Undefined when nothing records there.
   */
  claim(): Stage | undefined {
    const here = currentStage();
    const isSameTrace = here === undefined || here.#trace === this.#trace;
    if (this.#isClaimed || !isSameTrace || this.hasEnded) {
      return (here ?? this.#parent)?.open(this.#definition);
    }
    this.#isClaimed = true;
    if (this.#state !== 'open') this.#resume();
    return this;
  }

  /**
   * Starts a substage; undefined when it is not to be recorded, and its work then runs as a plain call.
   * @param attributes What is known of this execution before it starts.
   */
  open(definition: StageDefinition, attributes?: Attributes): Stage | undefined {
    return this.#trace.openStage(this, definition, attributes);
  }

  /** Ends the stage with the outcome `ok`. Like every end it counts once; the root ends its trace. */
  succeed(): void {
    this.#end('ok');
  }

  /**
   * Ends the stage with the outcome `error` and keeps what describes the error, whatever was thrown. Where work was
   * still running when its trace was aborted the outcome is `cancelled`: to fail is how it heeds the signal. Below the
   * root an `AbortError` says the same of any other signal.
   */
  fail(error: unknown): void {
    if (this.#state === 'open' && (this.#trace.windDown !== undefined || this.#wasAborted(error))) {
      this.#end('cancelled');
      return;
    }
    if (!this.hasEnded) {
      const { attributeLength } = this.#trace.recorder.limits;
      // First, because that decides how the error is described.
      if (this.kind === 'provider') this.#trace.upstreamErrors.add(error);
      const { type, message, status, causes } = describeError(error, attributeLength);
      this.errorType = type;
      this.errorMessage = message;
      this.errorStatus = status;
      if (causes.length > 0) this.errorCauses = causes;
    }
    this.#end('error');
  }

  #wasAborted(error: unknown): boolean {
    return this !== this.#trace.root && isAbortError(error);
  }

  /** Ends the stage with the outcome `cancelled`: whoever wanted the result has gone. */
  cancel(): void {
    this.#end('cancelled');
  }

  /** Ends the stage now unless it has ended; the root ends its whole trace. */
  #end(outcome: Outcome): void {
    const trace = this.#trace;
    if (this.#state === 'open' && this !== trace.root && !trace.isAborted) this.finish(outcome, trace.now());
    else this.#endSpecially(outcome);
  }

  /** Apart from what nearly every stage does, so that V8 inlines that. */
  #endSpecially(outcome: Outcome): void {
    if (this.#state === 'closed') {
      this.#trace.recorder.drops.lateStages += 1;
      this.#state = 'ended';
    } else if (this.hasEnded) {
      return;
    } else if (this === this.#trace.root) {
      this.#trace.end(outcome);
    } else {
      const now = this.#trace.now();
      const windDown = this.#state === 'open' ? this.#trace.windDown : undefined;
      if (windDown !== undefined) this.setAttribute(ABORT_LAG, windDown.lagAt(now));
      this.finish(outcome, now);
    }
  }

  /** The stages below this one in which something is running at this moment. */
  runningSubstages(): Stage[] {
    return deepestFirst(this).filter((stage) => stage !== this && stage.#state === 'open');
  }

  /**
   * Ends what is still open below this stage, because its trace ends: work that runs on is cancelled as far as this
   * trace is concerned, and a stream that nobody used leaves what ran before it, or nothing.
   */
  closeSubstages(now: number): void {
    for (const stage of deepestFirst(this)) {
      if (stage.substages.some((substage) => substage.isUnused)) {
        stage.substages = stage.substages.filter((substage) => !substage.isUnused);
      }
      if (stage !== this) stage.#closeWithTrace(now);
    }
  }

  #closeWithTrace(now: number): void {
    if (this.hasEnded) return;
    if (this.#state === 'open') {
      this.finish('cancelled', now);
      this.#state = 'closed';
    } else if (!this.isUnused) {
      this.finish('ok', now);
    } else {
      this.#state = 'dropped';
      this.#parent = undefined;
      this.#letGo();
    }
  }

  #outcomeHeard(listener: StageListener, given: Outcome): Outcome {
    const outcome = listener.ends(given);
    this.#letGo();
    return outcome;
  }

  /** Of what the stage has lasted, what no substage covers. */
  #selfTimeMs(durationMs: number, now: number): number {
    if (this.#covered === undefined) return microseconds(durationMs);
    const coveredMs = this.#state === 'open' ? this.#covered.totalMs(now) : this.#covered.stoppedMs;
    return microseconds(durationMs - coveredMs);
  }

  /** The record stays in the history, and in contexts that live on; what its execution needed does not. */
  #letGo(): void {
    if (this.#listener === undefined) return;
    this.#listener = undefined;
    this.#definition = this.#definition.afterEnd ?? this.#definition;
  }

  /**
   * Seals the record. Only the trace calls it from outside, with one clock reading for all it closes.
   */
  finish(given: Outcome, now: number): void {
    const outcome = this.#listener === undefined ? given : this.#outcomeHeard(this.#listener, given);
    const isClockGoing = this.#state === 'open';
    const clockMs = isClockGoing ? now - this.#clockMs : this.#clockMs;
    const durationMs = microseconds(clockMs);
    this.outcome = outcome;
    this.success = outcome !== 'error';
    this.durationMs = durationMs;
    this.selfTimeMs = this.#covered === undefined ? durationMs : this.#selfTimeMs(clockMs, now);
    this.#state = 'ended';
    if (isClockGoing) this.#pausesForParent(now);
    // A context that outlives the request (a timer) then keeps this stage in memory, and not the tree above it.
    this.#parent = undefined;
    if (this !== this.#trace.root) this.#trace.stageEnded(this);
  }

  /** Hands the record on; that of the root comes with its trace. */
  deliver(): void {
    this.#trace.deliverStage(this, this.#definition);
  }

  /** What it was made by, if nothing else is known of it than that, how long it took, and that it ended well. */
  get plainDefinition(): StageDefinition | undefined {
    const isKnown = this.outcome === 'ok' && this.attributes === NO_ATTRIBUTES;
    return isKnown && isPlain(this.#definition) ? this.#definition : undefined;
  }

  /**
   * The record apart from the stage, for the root: most of what outlives a request (a pooled connection) was made in
   * its context, and must not keep the tree below it either.
   */
  giveAway(): StageExecution {
    const record = this.#copy(this.substages);
    this.substages = NO_SUBSTAGES;
    return record;
  }

  /** A copy for readers while the trace runs; what is still open says so and has its duration so far. */
  snapshot(now: number): StageExecution {
    return snapshotOf(this, now);
  }

  /** The same of this stage alone. */
  copySoFar(now: number, substages: readonly StageExecution[]): StageExecution {
    const copy = this.#copy(substages);
    if (this.hasEnded) return copy;
    const durationMs = this.#state === 'open' ? now - this.#clockMs : this.#clockMs;
    return {
      ...copy,
      attributes: { ...this.attributes },
      durationMs: microseconds(durationMs),
      selfTimeMs: this.#selfTimeMs(durationMs, now),
      running: true,
    };
  }

  /** Name by name: for an object with private fields V8 takes ten times as long to spread it. */
  #copy(substages: readonly StageExecution[]): StageExecution {
    return {
      stageId: this.stageId,
      stageName: this.stageName,
      kind: this.kind,
      outcome: this.outcome,
      success: this.success,
      durationMs: this.durationMs,
      selfTimeMs: this.selfTimeMs,
      startedAt: this.startedAt,
      ending: this.ending,
      errorType: this.errorType,
      errorMessage: this.errorMessage,
      errorStatus: this.errorStatus,
      errorCauses: this.errorCauses,
      attributes: this.attributes,
      metadata: this.metadata,
      substages,
    };
  }

  /** Whether nothing has happened in it, so that it leaves no record if it stays so. */
  get isUnused(): boolean {
    return this.#state === 'dropped' || (this.#state === 'unused' && this.substages.length === 0);
  }

  #resume(): void {
    const now = this.#trace.now();
    this.#state = 'open';
    this.#clockMs = now - this.#clockMs;
    this.startedAt = this.#trace.wallAt(this.#clockMs);
    this.#covered?.goOn(now);
    if (this.#parent !== undefined) this.#parent.#covered?.substageRuns(now);
  }

  #pausesForParent(now: number): void {
    const parent = this.#parent;
    if (parent !== undefined) parent.#covered?.substagePauses(now, parent.#state === 'open');
  }
}
