import type { Outcome, Stage, StreamEnding } from '@followspot/core';
import type { SubscriptionListener } from '../rxjs/stage-subscriber.js';

/** What the response tells about a stream that neither completed nor failed by itself. */
export interface ResponseFacts {
  readonly statusCode: number;
  /** Everything was written and handed to the operating system. */
  readonly isFinished: boolean;
  readonly isShuttingDown: boolean;
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
 * The `stream` stage of one `@Sse` answer. The Observable tells how it ended by completing or failing; when it is
 * only unsubscribed from, the cause is known once the response has closed: a client that left, a HEAD request, an
 * event that could not be serialised and a shutdown all look the same from inside.
 */
export class SseStreamStage implements SubscriptionListener {
  readonly stage: Stage;
  readonly #response: { readonly headersSent: boolean };
  readonly #isShuttingDown: () => boolean;
  #events = 0;
  #latest: unknown;
  #isTornDown = false;
  /** What it failed with before anything was sent: an exception filter answers, and its status tells what it was. */
  #refusal: { readonly error: unknown } | undefined;
  #failure: unknown;

  constructor(stage: Stage, response: { readonly headersSent: boolean }, isShuttingDown: () => boolean) {
    this.stage = stage;
    this.#response = response;
    this.#isShuttingDown = isShuttingDown;
  }

  /** Whether nothing is left to happen that the stage should wait for. */
  get isSettled(): boolean {
    return this.stage.hasEnded || this.#isTornDown || this.#refusal !== undefined;
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
    this.#refusal = undefined;
    this.#latest = message;
    if (isHeartbeat(message)) return;
    if (this.#events === 0) {
      const { trace } = this.stage;
      this.stage.setAttribute('timeToFirstEventMs', trace.markAnswered());
    }
    this.#events += 1;
  }

  complete(): void {
    if (this.#isShuttingDown()) this.#end('shutdown');
    else this.#end('completed');
  }

  error(error: unknown): void {
    if (this.#response.headersSent) this.#end('server_error', error);
    else this.#refusal = { error };
  }

  unsubscribe(): void {
    this.#isTornDown = true;
  }

  /** The response has closed: whatever has not ended by itself ends now. */
  responseClosed(facts: ResponseFacts): void {
    if (this.stage.hasEnded) return;
    if (this.#refusal !== undefined) this.#endRefused(this.#refusal.error, facts);
    else if (facts.statusCode >= 500) this.#end('server_error', sendingErrorOf(this.#latest));
    else if (facts.isFinished) this.#endSent();
    else this.#end(facts.isShuttingDown ? 'shutdown' : 'client_disconnect');
  }

  /** A filter that answered below 500 refused the request: no stream has ended there, and so it has no `ending`. */
  #endRefused(error: unknown, facts: ResponseFacts): void {
    if (!facts.isFinished || facts.statusCode >= 500) this.#end('server_error', error);
    else this.stage.fail(error);
  }

  /** Everything was sent although nobody waited for the end: on purpose, or because Nest could not send an event. */
  #endSent(): void {
    const error = serialisationErrorOf(this.#latest);
    if (error === undefined) this.#end('completed');
    else this.#end('server_error', error);
  }

  #end(ending: StreamEnding, error?: unknown): void {
    if (this.stage.hasEnded) return;
    this.stage.ending = ending;
    this.#failure = error;
    this.stage.setAttribute('events', this.#events);
    if (OUTCOMES[ending] === 'ok') this.stage.succeed();
    else if (OUTCOMES[ending] === 'error') this.stage.fail(error);
    else this.stage.cancel();
  }
}

/** A message that is only a comment keeps the connection alive and tells the client nothing. */
function isHeartbeat(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { comment, data, type, retry } = message as Record<string, unknown>;
  return comment !== undefined && data === undefined && type === undefined && retry === undefined;
}

function sendingErrorOf(message: unknown): unknown {
  return serialisationErrorOf(message) ?? new Error('an event could not be sent');
}

/** Nest unsubscribes from a stream whose event it cannot serialise, and tells nobody inside why. */
function serialisationErrorOf(message: unknown): unknown {
  try {
    JSON.stringify((message as { data?: unknown } | null | undefined)?.data);
    return undefined;
  } catch (error) {
    return error;
  }
}
