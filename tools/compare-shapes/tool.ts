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

export interface Tool {
  /** The Observable of the copy of RxJS that the tool sees: a peer has its own. */
  readonly Observable: typeof Observable;
  /** Whether it has a word for "the consumer left". Of one that has not, only `error` is wrong there. */
  readonly canSayCancelled: boolean;
  /** Tracks a method the way the tool's documentation says, with its decorator where it has one. */
  track<T>(name: string, method: Method<T>): Method<T>;
  /** Runs `body` in a trace of its own and returns all that was recorded in it, the trace's own root apart. */
  runTrace(body: () => Promise<void>): Promise<readonly RecordedCall[]>;
  close?(): Promise<void>;
}
