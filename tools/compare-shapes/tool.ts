// What the suite asks of every tool it is run against: Followspot and each peer implement this and nothing else.
import type { Observable } from 'rxjs';

export type Outcome = 'ok' | 'error' | 'cancelled';

/** A method as a user writes it, of any shape. */
export type Method<T = unknown> = () => T;

/** One record (a stage, a span) that a tool made. */
export interface RecordedCall {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string;
  /** Undefined when it was started and never ended. */
  readonly durationMs: number | undefined;
  readonly outcome: Outcome;
}

/** What a tool may be asked to do beyond its default; one that cannot does as always. */
export interface TrackOptions {
  /** Also time a lazy thenable, from `then` to its end. */
  readonly followThenable: boolean;
}

export interface Tool {
  /** The Observable of the copy of RxJS that the tool sees: a peer has its own. */
  readonly Observable: typeof Observable;
  /** Whether it has a word for "the consumer left". Of one that has not, only `error` is wrong there. */
  readonly canSayCancelled: boolean;
  /** Tracks a method the way the tool's documentation says, with its decorator where it has one. */
  track<T>(name: string, method: Method<T>, options?: TrackOptions): Method<T>;
  /** Runs `body` in a trace of its own and returns all that was recorded in it, the trace's own root apart. */
  runTrace(body: () => Promise<void>): Promise<readonly RecordedCall[]>;
  close?(): Promise<void>;
}

/** A tool inside a running application, which can also stream what a method returns to a client. */
export interface ServingTool extends Tool {
  /**
   * Answers a real request of a client with what `handler` returns, in an `@Sse` route. The client reads to the end, or
   * leaves after so many events.
   */
  serve(handler: Method<Answer>, leavesAfter?: number): Promise<Served>;
  /** RxJS's own, of the same copy as {@link Tool.Observable}. */
  from(steps: AsyncIterable<number>): Observable<number>;
  /** Aborts when the client of the running request has left. */
  readonly signal: AbortSignal;
}

/** What an `@Sse` handler returns. */
export type Answer = Observable<number> | Promise<Observable<number>>;

/** A request that was answered with a stream. */
export interface Served {
  /** What was recorded in it, the request's own stage apart. */
  readonly records: readonly RecordedCall[];
  /** The word for how the stream ended. */
  readonly ending: string | undefined;
  /** As the client received them, the text after `data: `. */
  readonly events: readonly string[];
}
