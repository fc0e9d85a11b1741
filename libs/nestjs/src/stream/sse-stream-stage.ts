import type { Outcome, StreamEnding } from '@followspot/core';
import type { SubscriptionListener } from '../rxjs/stage-subscriber.js';
import { failureOf } from './failure-event.js';
import { sendingErrorOf, serialisationErrorOf } from './sse-message.js';
import { isTimeout } from './is-timeout.js';
import { StreamFigures } from './stream-figures.js';

/** What the response tells when it has closed. */
export interface ResponseFacts {
  readonly statusCode: number;
  /** The reading of the monotonic clock at which it closed. */
  readonly atMs: number;
  /** Everything was written and handed to the operating system. */
  readonly isFinished: boolean;
  readonly isShuttingDown: boolean;
  /** It was this side that destroyed the connection. */
  readonly wasDestroyedHere: boolean;
  /** It did so because nothing had happened on the connection for too long. */
  readonly wasIdleTooLong: boolean;
}

/** How the Observable has finished, as far as that is known before the response has closed. */
type Conclusion = { readonly atMs: number } & (
  | { readonly how: 'completed'; readonly isShutdown: boolean }
  | Failure
  | { readonly how: 'torn down'; readonly wasDropped: boolean }
);

/** Before anything was sent an exception filter answers, and its status tells what it was. */
interface Failure {
  readonly how: 'failed';
  readonly error: unknown;
  readonly isRefusal: boolean;
}

/** What a stream fails with when `server.setTimeout` has destroyed its connection. */
const IDLE_TOO_LONG = { name: 'TimeoutError', message: 'nothing happened on the connection for too long' };

/** Endings of a stream that somebody was still waiting for: the silence before may have been a stall. */
const CUT_SHORT = new Set<StreamEnding>([
  'client_disconnect',
  'server_error',
  'upstream_error',
  'timeout',
  'slow_consumer',
]);

/** How the stream has ended, once the response has closed. A refusal is no stream that ended, and has no ending. */
interface Verdict {
  readonly ending: StreamEnding | undefined;
  readonly error?: unknown;
}

const OUTCOMES: Record<StreamEnding, Outcome> = {
  completed: 'ok',
  client_disconnect: 'cancelled',
  server_error: 'error',
  upstream_error: 'error',
  timeout: 'error',
  slow_consumer: 'cancelled',
  shutdown: 'cancelled',
};

/**
 * The `stream` stage of one `@Sse` answer, which ends when the response has closed. By completing or failing the
 * Observable tells how it went, but not whether anybody has received it: a slow client may have megabytes waiting for
 * it. When the Observable is only unsubscribed from, a client that left, a HEAD request, an event that could not be
 * serialised and a shutdown all look the same from inside, and the response tells them apart.
 */
export class SseStreamStage extends StreamFigures implements SubscriptionListener {
  #latest: unknown;
  /** Of the latest subscription: an interceptor may try again. */
  #conclusion: Conclusion | undefined;
  #verdict: Verdict | undefined;
  #isClientGone = false;

  /** Whether nothing is left to happen that the stage should wait for. */
  get isSettled(): boolean {
    return this.#verdict !== undefined || this.#conclusion !== undefined;
  }

  /** How the stream ended; undefined while it is open, and when the answer was another one than a stream. */
  get outcome(): Outcome | undefined {
    return this.stage.ending && OUTCOMES[this.stage.ending];
  }

  /** What the stream failed with; undefined unless the outcome is `error`. */
  get failure(): unknown {
    return this.#verdict?.ending === undefined ? undefined : this.#verdict.error;
  }

  next(message: unknown): void {
    this.#conclusion = undefined;
    this.#latest = message;
    this.message(message);
  }

  complete(): void {
    const atMs = this.#now();
    const failure = this.#hasNobody ? undefined : failureOf(this.#latest);
    this.#conclusion =
      failure === undefined
        ? { how: 'completed', isShutdown: this.setup.isShuttingDown(), atMs }
        : { how: 'failed', error: failure.error, isRefusal: false, atMs };
  }

  error(error: unknown): void {
    // Nest aborts its signal before it unsubscribes: a source that heeds it fails where it would have been torn down.
    if (this.#hasNobody) {
      this.unsubscribe();
      return;
    }
    this.#conclusion = {
      how: 'failed',
      error,
      isRefusal: !this.response.headersSent,
      atMs: this.#now(),
    };
  }

  unsubscribe(): void {
    // Nest drops a client that does not read by destroying the response and unsubscribing at once. A client that
    // leaves closes the response first, and only that makes Nest unsubscribe.
    const { destroyed, closed } = this.response;
    const wasDropped = destroyed && !closed && this.hasPending;
    this.#conclusion = { how: 'torn down', wasDropped, atMs: this.#now() };
  }

  /** The response has closed before it was finished: what the source does from here on is the consequence. */
  clientGone(): void {
    this.#isClientGone = true;
  }

  /** Whether the source had not come to an end of its own when the response was over. */
  get wasCutOff(): boolean {
    return this.#conclusion === undefined || this.#conclusion.how === 'torn down';
  }

  /** The response has closed: how the stream ended is settled, and how long it lasted. */
  responseClosed(facts: ResponseFacts): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = this.#verdictOn(facts);
    const { ending } = this.#verdict;
    this.stage.hold(false, facts.atMs);
    if (ending === undefined) return;
    this.stage.ending = ending;
    if (CUT_SHORT.has(ending)) this.cut(this.#conclusion?.atMs ?? facts.atMs);
    this.describeStage();
  }

  /** Ends the stage; before that, the work behind a stream that was cut has had time to stop. */
  end(): void {
    const { ending, error } = this.#verdict ?? { ending: undefined, error: undefined };
    if (ending === undefined || OUTCOMES[ending] === 'error') this.stage.fail(error);
    else if (OUTCOMES[ending] === 'cancelled') this.stage.cancel();
    else this.stage.succeed();
  }

  #verdictOn(facts: ResponseFacts): Verdict {
    const conclusion = this.#conclusion;
    if (conclusion?.how === 'failed') return this.#verdictOnFailure(conclusion, facts);
    if (facts.statusCode >= 500) return { ending: 'server_error', error: sendingErrorOf(this.#latest) };
    if (conclusion?.how === 'completed') return { ending: endingOfCompleted(conclusion, facts, this) };
    if (conclusion?.wasDropped === true) return { ending: 'slow_consumer' };
    if (facts.isFinished) return this.#verdictOnSent();
    if (facts.isShuttingDown) return { ending: 'shutdown' };
    return facts.wasIdleTooLong
      ? { ending: 'timeout', error: IDLE_TOO_LONG }
      : { ending: 'client_disconnect' };
  }

  /** A filter that answered below 500 refused the request. */
  #verdictOnFailure({ error, isRefusal }: Failure, facts: ResponseFacts): Verdict {
    if (isRefusal && facts.isFinished && facts.statusCode < 500) return { ending: undefined, error };
    if (isTimeout(error)) return { ending: 'timeout', error };
    const isUpstream = this.stage.trace.upstreamErrors.caused(error);
    return { ending: isUpstream ? 'upstream_error' : 'server_error', error };
  }

  /** Everything was sent although nobody waited for the end: on purpose, or because Nest could not send an event. */
  #verdictOnSent(): Verdict {
    const error = serialisationErrorOf(this.#latest);
    return error === undefined ? { ending: 'completed' } : { ending: 'server_error', error };
  }

  get #hasNobody(): boolean {
    return this.#isClientGone || this.response.destroyed;
  }

  #now(): number {
    return this.setup.clock.now();
  }
}

/** Whoever completes has handed everything over, but the client may not have stayed to receive it. */
function endingOfCompleted(
  { isShutdown }: { readonly isShutdown: boolean },
  facts: ResponseFacts,
  figures: StreamFigures,
): StreamEnding {
  if (isShutdown || (!facts.isFinished && facts.isShuttingDown)) return 'shutdown';
  if (facts.isFinished) return 'completed';
  return facts.wasDestroyedHere && figures.hasPending ? 'slow_consumer' : 'client_disconnect';
}
