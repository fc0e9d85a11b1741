import type { Sink, StageStart, TraceIdentity } from './sink.js';
import type { StageExecution, StageKind } from '../stage/stage-execution.js';

/** Told of every error inside the engine, a sink or an option's callback, once per place. */
export type InternalErrorReporter = (place: string, error: unknown) => void;

/** A sink as it may turn out to be at run time: an async method satisfies a signature that returns nothing. */
interface CalledSink extends Pick<Sink, 'name' | 'close' | 'wantsStart'> {
  started?(stage: StageStart, trace: TraceIdentity): unknown;
  record(stage: StageExecution, trace: TraceIdentity): unknown;
}

/** How many calls of sinks are going on at this moment; shared by all that call sinks of one recorder. */
export interface Deliveries {
  depth: number;
}

/** One sink made of many: each receives everything, and none can harm the others or the caller. */
export class SinkFanOut implements Sink {
  readonly name = 'fan-out';
  readonly #sinks: readonly CalledSink[];
  readonly #starting: readonly CalledSink[];
  readonly #report: InternalErrorReporter;
  readonly #deliveries: Deliveries;

  constructor(sinks: readonly Sink[], report: InternalErrorReporter, deliveries: Deliveries) {
    this.#deliveries = deliveries;
    this.#sinks = sinks;
    this.#starting = sinks.filter((sink) => sink.started !== undefined);
    this.#report = report;
  }

  /** Whether anybody wants to know that a stage of this kind starts. */
  wantsStart(kind: StageKind): boolean {
    for (const sink of this.#starting) {
      try {
        if (sink.wantsStart?.(kind) !== false) return true;
      } catch (error) {
        this.#failed(sink, error);
      }
    }
    return false;
  }

  started(stage: StageStart, trace: TraceIdentity): void {
    if (this.#starting.length > 0) this.#start(stage, trace);
  }

  record(stage: StageExecution, trace: TraceIdentity): void {
    if (this.#sinks.length > 0) this.#deliver(stage, trace);
  }

  #start(stage: StageStart, trace: TraceIdentity): void {
    this.#deliveries.depth += 1;
    for (const sink of this.#starting) {
      try {
        if (sink.wantsStart?.(stage.kind) === false) continue;
        this.#watch(sink, sink.started?.(stage, trace));
      } catch (error) {
        this.#failed(sink, error);
      }
    }
    this.#deliveries.depth -= 1;
  }

  #deliver(stage: StageExecution, trace: TraceIdentity): void {
    this.#deliveries.depth += 1;
    for (const sink of this.#sinks) {
      try {
        const result = sink.record(stage, trace);
        if (result !== undefined) this.#watch(sink, result);
      } catch (error) {
        this.#failed(sink, error);
      }
    }
    this.#deliveries.depth -= 1;
  }

  /** Closes all sinks side by side. */
  async close(): Promise<void> {
    await Promise.all(
      this.#sinks.map(async (sink) => {
        try {
          await sink.close?.();
        } catch (error) {
          this.#failed(sink, error);
        }
      }),
    );
  }

  #watch(sink: CalledSink, result: unknown): void {
    watchRejection(result, (error) => {
      this.#failed(sink, error);
    });
  }

  #failed(sink: CalledSink, error: unknown): void {
    this.#report(`sink ${sink.name}`, error);
  }
}

/** What an async method rejects with must not become an unhandled rejection. */
export function watchRejection(result: unknown, onRejected: (error: unknown) => void): void {
  if (result instanceof Promise) result.catch(onRejected);
}
