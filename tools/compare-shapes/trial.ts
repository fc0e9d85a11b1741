// One run of one shape against one tool: calls what is tracked, and notes what can be seen without the tool.
import { setImmediate as tick, setTimeout as sleep } from 'node:timers/promises';
import type { Method, Outcome, RecordedCall, Tool, TrackOptions } from './tool.ts';

/** The names of the two methods: the one that returns the shape, and one that is called while its work goes on. */
export const METHOD = '1_METHOD';
export const INSIDE = '1.1_INSIDE';

/** A row of the table. */
export interface Row {
  readonly name: string;
  readonly outcome: Outcome;
  /** How often the result is used, and so how many records there have to be. */
  readonly uses: number;
  /**
   * Whether the result is to be handed back as it is: its work is then not the method's, so that neither a duration nor
   * what happens inside is asked for. Default false.
   */
  readonly isUntouched?: boolean;
}

/** A row whose result is used where it was returned. */
export interface Shape extends Row {
  run(trial: Trial): Promise<void>;
}

/** What the records of a tool are held against. */
export interface Observed {
  readonly records: readonly RecordedCall[];
  /** How long each use really took, in the order in which they began; NaN for one that did not end. */
  readonly trueMs: readonly number[];
  readonly insideCalls: number;
  /** What was wrong without looking at any record, in a few words. */
  readonly problems: readonly string[];
}

/** Longer than any shape takes by far; a wrapper that never settles is then told from a slow machine. */
const HANG_MS = 3_000;

export class Trial {
  readonly Observable: Tool['Observable'];
  readonly #tool: Tool;
  readonly #inside: Method;
  readonly #trueMs: number[] = [];
  readonly #problems = new Set<string>();
  #insideCalls = 0;

  constructor(tool: Tool) {
    this.#tool = tool;
    this.Observable = tool.Observable;
    this.#inside = tool.track(INSIDE, () => 'inside');
  }

  /** Tracks the method under test. */
  track<T>(method: Method<T>, options?: TrackOptions): Method<T> {
    return this.#tool.track(METHOD, method, options);
  }

  /** Calls another tracked method, as the code of a stream does while it streams. */
  workInside(): void {
    this.#insideCalls += 1;
    this.#inside();
  }

  /**
   * Starts the true clock of one use, the one that every tool here reads as well; to be stopped where the end is seen.
   * @param spentMs What the use has taken already.
   */
  begin(spentMs = 0): () => void {
    const startMs = performance.now() - spentMs;
    const index = this.#trueMs.push(Number.NaN) - 1;
    return () => {
      this.#trueMs[index] = performance.now() - startMs;
    };
  }

  check(isRight: boolean, problem: string): void {
    if (!isRight) this.#problems.add(problem);
  }

  /**
   * What the tracked method returned, which must be what an untracked one returns. A tool that makes a promise of it
   * has that noted, and the trial goes on with what the promise brings.
   */
  async unchanged<T>(result: T, isOfType: (value: unknown) => boolean): Promise<T> {
    if (isOfType(result)) return result;
    this.check(false, result instanceof Promise ? 'becomes a Promise' : 'other type');
    return await result;
  }

  /** Runs the shape in a trace of its own. */
  observe(shape: Shape): Promise<Observed> {
    return this.noting(shape, () =>
      this.#tool.runTrace(async () => {
        await this.settled(shape.run(this));
        // A tool may end its record a moment after the consumer has seen the end.
        await tick();
      }),
    );
  }

  /** What can be noted of a row while `run` runs it and returns the records. */
  async noting(row: Row, run: () => Promise<readonly RecordedCall[]>): Promise<Observed> {
    const noteRejection = (): void => {
      this.check(false, 'unhandled rejection');
    };
    process.on('unhandledRejection', noteRejection);
    const records = await run().catch((error: unknown) => {
      this.check(false, `fails: ${String(error)}`);
      return [];
    });
    process.off('unhandledRejection', noteRejection);
    const endsSeen = this.#trueMs.filter((ms) => !Number.isNaN(ms)).length;
    // Without this a use whose end nobody saw would have no true duration to be wrong about.
    this.check(endsSeen === row.uses || this.#problems.size > 0, 'end not seen');
    return { records, trueMs: this.#trueMs, insideCalls: this.#insideCalls, problems: [...this.#problems] };
  }

  /** Resolves when `work` has settled, or has taken too long to ever do so; either is noted. */
  async settled(work: Promise<unknown>): Promise<void> {
    const alarm = new AbortController();
    await Promise.race([work, this.#hangs(alarm.signal)]).catch((error: unknown) => {
      this.check(false, `fails: ${String(error)}`);
    });
    alarm.abort();
  }

  /** Also keeps the process alive, where a method that never settles leaves nothing else to wait for. */
  async #hangs(signal: AbortSignal): Promise<void> {
    await sleep(HANG_MS, undefined, { signal }).catch(() => undefined);
    this.check(signal.aborted, 'hangs');
  }
}
