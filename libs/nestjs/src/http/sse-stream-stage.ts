import type { ServerResponse } from 'node:http';
import type { Outcome, Stage, StreamEnding } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { SubscriptionListener } from '../rxjs/stage-subscriber.js';
import { sendingErrorOf, serialisationErrorOf } from './sse-message.js';
import { StreamFigures, type StreamResponse } from './stream-figures.js';

/** What the response tells when it has closed. */
export interface ResponseFacts {
  readonly statusCode: number;
  /** Everything was written and handed to the operating system. */
  readonly isFinished: boolean;
  readonly isShuttingDown: boolean;
  /** It was this side that destroyed the connection. */
  readonly wasDestroyedHere: boolean;
}

/** How the Observable has finished, as far as that is known before the response has closed. */
type Conclusion = { readonly atMs: number } & (
  | { readonly how: 'completed'; readonly isShutdown: boolean }
  /** Before anything was sent an exception filter answers, and its status tells what it was. */
  | { readonly how: 'failed'; readonly error: unknown; readonly isRefusal: boolean }
  | { readonly how: 'torn down'; readonly wasDropped: boolean }
);

/** Endings of a stream that somebody was still waiting for: the silence before may have been a stall. */
const CUT_SHORT = new Set<StreamEnding>([
  'client_disconnect',
  'server_error',
  'upstream_error',
  'timeout',
  'slow_consumer',
]);

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
export class SseStreamStage implements SubscriptionListener {
  readonly stage: Stage;
  readonly #response: ServerResponse;
  readonly #isShuttingDown: () => boolean;
  readonly #figures: StreamFigures;
  #latest: unknown;
  /** Of the latest subscription: an interceptor may try again. */
  #conclusion: Conclusion | undefined;
  #failure: unknown;

  constructor(stage: Stage, response: StreamResponse, options: StreamOptions, isShuttingDown: () => boolean) {
    this.stage = stage;
    this.#response = response.raw;
    this.#isShuttingDown = isShuttingDown;
    this.#figures = new StreamFigures(stage, response, options);
  }

  /** Whether nothing is left to happen that the stage should wait for. */
  get isSettled(): boolean {
    return this.stage.hasEnded || this.#conclusion !== undefined;
  }

  /** How the stream ended; undefined while it is open, and when the answer was another one than a stream. */
  get outcome(): Outcome | undefined {
    return this.stage.ending && OUTCOMES[this.stage.ending];
  }

  /** What the stream failed with; undefined unless the outcome is `error`. */
  get failure(): unknown {
    return this.#failure;
  }

  next(message: unknown): void {
    this.#conclusion = undefined;
    this.#latest = message;
    this.#figures.message(message);
  }

  complete(): void {
    this.#conclusion = { how: 'completed', isShutdown: this.#isShuttingDown(), atMs: this.#now() };
  }

  error(error: unknown): void {
    this.#conclusion = {
      how: 'failed',
      error,
      isRefusal: !this.#response.headersSent,
      atMs: this.#now(),
    };
  }

  unsubscribe(): void {
    // Nest drops a client that does not read by destroying the response and unsubscribing at once. A client that
    // leaves closes the response first, and only that makes Nest unsubscribe.
    const { destroyed, closed } = this.#response;
    const wasDropped = destroyed && !closed && this.#figures.hasPending;
    this.#conclusion = { how: 'torn down', wasDropped, atMs: this.#now() };
  }

  /** The response has closed, and the stage ends. */
  responseClosed(facts: ResponseFacts): void {
    if (this.stage.hasEnded) return;
    const conclusion = this.#conclusion;
    if (conclusion?.how === 'failed') this.#endFailed(conclusion.error, conclusion.isRefusal, facts);
    else if (facts.statusCode >= 500) this.#end('server_error', sendingErrorOf(this.#latest));
    else if (conclusion?.how === 'completed') this.#end(endingOfCompleted(conclusion, facts, this.#figures));
    else if (conclusion?.wasDropped === true) this.#end('slow_consumer');
    else if (facts.isFinished) this.#endSent();
    else this.#end(facts.isShuttingDown ? 'shutdown' : 'client_disconnect');
  }

  /** A filter that answered below 500 refused the request: no stream has ended there, and so it has no `ending`. */
  #endFailed(error: unknown, isRefusal: boolean, facts: ResponseFacts): void {
    if (isRefusal && facts.isFinished && facts.statusCode < 500) this.stage.fail(error);
    else this.#end('server_error', error);
  }

  /** Everything was sent although nobody waited for the end: on purpose, or because Nest could not send an event. */
  #endSent(): void {
    const error = serialisationErrorOf(this.#latest);
    if (error === undefined) this.#end('completed');
    else this.#end('server_error', error);
  }

  #end(ending: StreamEnding, error?: unknown): void {
    this.stage.ending = ending;
    this.#failure = error;
    if (CUT_SHORT.has(ending)) this.#figures.cut(this.#conclusion?.atMs ?? this.#now());
    this.stage.setAttributes(this.#figures.attributes());
    if (OUTCOMES[ending] === 'ok') this.stage.succeed();
    else if (OUTCOMES[ending] === 'error') this.stage.fail(error);
    else this.stage.cancel();
  }

  #now(): number {
    return this.stage.trace.now();
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
