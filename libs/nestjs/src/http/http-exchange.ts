import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import {
  ABORT_LAG,
  type Attributes,
  type Outcome,
  type RootDescription,
  type Stage,
  type TraceDescriber,
} from '@followspot/core';
import { belongsTo, exchangeOfNodes } from './exchanges.js';
import { resumptionOf } from '../stream/last-event-id.js';
import type { OpenWatcher } from '../stream/open-watcher.js';
import {
  onResponseEnd,
  type ResponseEndListener,
  wasBrokenOff,
  wasDestroyedHere,
  wasIdleTooLong,
} from './response-end.js';
import { type HandlerDescriptions, RequestDescription } from './request-description.js';
import { SseStreamStage } from '../stream/sse-stream-stage.js';
import type { StreamSetup } from '../stream/stream-figures.js';
import { STREAM_STAGE } from './stages.js';

/** What the exchanges of an application have in common. */
export interface ExchangeSetup extends StreamSetup {
  readonly watcher: OpenWatcher;
  /** Whether handlers are followed from where Nest calls them, and not by an interceptor. */
  readonly followsHandlers: boolean;
}

/** The error of an answer that was broken off without any. */
const BROKEN_OFF = {
  name: 'AnswerBrokenOff',
  message: 'the application closed the connection before the answer was complete',
};

/**
 * One request and its response, from the first middleware to the closed response. It ends the trace exactly once, by
 * what happened on the response, and never looks at the context, which is gone when a client has left.
 */
export class HttpExchange implements ResponseEndListener, TraceDescriber {
  readonly root: Stage;
  /** Whether its handler is followed from where Nest calls it; an interceptor then has nothing to add. */
  isFollowed = false;
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #setup: ExchangeSetup;
  /** Of the handler that answers, once that is known. */
  #descriptions: HandlerDescriptions | undefined;
  /** What is piped into the response. Nest does that before it calls interceptors, and after it has called a handler. */
  #source: Readable | undefined;
  #stream: SseStreamStage | undefined;
  /** Whether everything had been written when the response closed; Nest ends it afterwards in any case. */
  #isFinished = false;
  /** Whether it was the application that did not finish it. */
  #isBrokenOff = false;
  /** The monotonic reading at which the response closed; undefined as long as it has not. */
  #closedAtMs: number | undefined;

  constructor(root: Stage, request: IncomingMessage, response: ServerResponse, setup: ExchangeSetup) {
    this.root = root;
    this.request = request;
    this.#response = response;
    this.#setup = setup;
    root.trace.describer = this;
    if (!setup.followsHandlers) this.#awaitSource();
    belongsTo(response, this);
    onResponseEnd(request, response, this);
    setup.watcher.requestOpened();
  }

  /** Whether the template of the route is known. */
  get hasRoute(): boolean {
    return this.root.trace.route !== undefined;
  }

  /** The template of the route, when the router has found one. Known earlier than the handler: a guard may refuse. */
  matchedRoute(template: string | undefined): void {
    this.root.trace.route ??= template;
  }

  /** The handler that answers, by what describes its requests. */
  handledBy(descriptions: HandlerDescriptions): void {
    this.#descriptions = descriptions;
  }

  /**
   * Opens the stage of the stream that the handler answers with, one for the request: an interceptor that tries again
   * goes on in it. Undefined when nothing records.
   */
  openStream(): SseStreamStage | undefined {
    if (this.#stream?.stage.hasEnded === false) return this.#stream;
    const resumption = resumptionOf(this.request.headers['last-event-id']);
    const route = this.#shownRoute();
    const stage = this.root.open(STREAM_STAGE, { route, ...resumption?.attributes });
    if (stage === undefined) return undefined;
    const continuesTraceId = resumption?.after?.traceId;
    if (continuesTraceId !== undefined) this.root.setAttribute('continuesTraceId', continuesTraceId);
    this.#stream?.closed();
    const watched = this.#setup.watcher.streamOpened(route);
    this.#stream = new SseStreamStage(
      stage,
      { raw: this.#response, source: this.#source, resumesAfter: resumption?.after, watched },
      this.#setup,
    );
    if (this.#setup.followsHandlers) this.#awaitSource();
    return this.#stream;
  }

  #awaitSource(): void {
    // Node throws the body of an answer to HEAD away.
    if (this.request.method === 'HEAD') return;
    this.#response.on('pipe', notePiped);
  }

  /** What is sent comes from this stream. */
  sentFrom(source: Readable): void {
    if (this.#source !== undefined) return;
    this.#source = source;
    this.#stream?.sentFrom(source);
  }

  responseFinished(): void {
    this.#isFinished = true;
  }

  /** The response was answered, or its client has left. An error of ours must not reach the server's event. */
  responseOver(): void {
    if (this.#closedAtMs !== undefined) return;
    this.#closedAtMs = this.root.trace.now();
    try {
      this.#close(this.#closedAtMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  #close(atMs: number): void {
    const { trace } = this.root;
    trace.route = this.#shownRoute();
    // Under HTTP/2 a stream that was reset has `writableFinished` too, but nobody has ended it.
    this.#isFinished ||= this.#response.writableFinished && this.#response.writableEnded;
    this.#isBrokenOff =
      !this.#isFinished && !this.#setup.isShuttingDown() && wasBrokenOff(this.request, this.#response);
    if (!this.#isFinished) {
      // First of all: from here on a source that fails does so because nobody waits for it.
      this.#stream?.clientGone();
      trace.abort(atMs);
    }
    // Our listener comes before Nest's own: let it tear the stream down first, so that stages end by themselves.
    if (this.#stream === undefined || this.#stream.isSettled) this.#conclude(atMs);
    else process.nextTick(concludeLater, this, atMs);
  }

  /** The same, a tick after the response has closed. */
  concludeLater(atMs: number): void {
    try {
      this.#conclude(atMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Settles how the request went; the trace then ends at once, or when the work that nobody waits for has stopped. */
  #conclude(atMs: number): void {
    this.#setup.watcher.requestClosed();
    const { trace } = this.root;
    if (this.#stream !== undefined) this.#concludeStream(this.#stream, atMs);
    const outcome = this.#outcome();
    // An answer may be complete and its source cut off all the same: that of HEAD.
    if (outcome === 'cancelled' || this.#stream?.wasCutOff === true) trace.abort(atMs);
    if (trace.windDown === undefined) this.#end(outcome);
    else this.#endWhenStopped(outcome);
  }

  /** Apart, because a function that makes another one takes memory whether it makes it or not. */
  #endWhenStopped(outcome: Outcome): void {
    // There is time to look at it until it has stopped.
    this.#describe();
    this.root.trace.whenStopped(() => {
      this.#describeAbort();
      this.#end(outcome);
    });
  }

  #concludeStream(stream: SseStreamStage, atMs: number): void {
    stream.closed();
    stream.responseClosed({
      statusCode: this.#response.statusCode,
      atMs,
      isFinished: this.#isFinished,
      isShuttingDown: this.#setup.isShuttingDown(),
      wasDestroyedHere: wasDestroyedHere(this.request),
      wasIdleTooLong: wasIdleTooLong(this.request),
    });
  }

  /** The trace ends all the same. */
  #failed(error: unknown): void {
    const { recorder } = this.root.trace;
    recorder.reportInternalError('response end', error);
    recorder.attempt('response end', () => {
      this.root.cancel();
    });
  }

  #end(outcome: Outcome): void {
    const { trace } = this.root;
    // What was aborted is described already, as its client left it.
    if (trace.windDown !== undefined) trace.describer = undefined;
    this.#stream?.end();
    if (outcome === 'error') this.root.fail(this.#failure());
    else if (outcome === 'cancelled') this.root.cancel();
    else this.root.succeed();
  }

  #describe(): void {
    const { stageName, attributes } = this.describeRoot();
    this.root.stageName = stageName;
    this.root.describe({ ...attributes });
  }

  /** How the work behind the answer took it that nobody waited any longer. */
  #describeAbort(): void {
    const { lagMs, unstoppedStages = 0 } = this.root.trace.windDown ?? {};
    const stage = this.#stream?.stage ?? this.root;
    if (unstoppedStages > 0) stage.setAttribute('unstoppedStages', unstoppedStages);
    else if (lagMs !== undefined) stage.setAttribute(ABORT_LAG, lagMs);
  }

  /** What the request was and how it was answered. An application may have named the handler itself. */
  describeRoot(): RootDescription {
    const { method = '' } = this.request;
    const { headersSent, statusCode } = this.#response;
    const route = this.#shownRoute();
    // Node's default of 200 is no answer.
    const answered = headersSent ? statusCode : undefined;
    const named = this.root.attributes['handler'];
    return named === undefined && this.#descriptions !== undefined
      ? this.#descriptions.of(method, route, answered)
      : new RequestDescription(named, method, route, answered);
  }

  /** What is known while it is being answered. */
  describeOpen(): Attributes {
    return this.#descriptions === undefined ? {} : { handler: this.#descriptions.handler };
  }

  #shownRoute(): string {
    return this.root.trace.route ?? expressRoute(this.request) ?? 'unmatched';
  }

  /** A stream that failed or was cut decides; its status code was sent before anybody knew. */
  #outcome(): Outcome {
    const stream = this.#stream?.outcome;
    if (stream === 'error' || this.#response.statusCode >= 500) return 'error';
    // How a stream ended says that better.
    if (stream === undefined && this.#isBrokenOff) return 'error';
    if (stream === 'cancelled' || !this.#isFinished) return 'cancelled';
    return 'ok';
  }

  #failure(): unknown {
    const { statusCode, errored } = this.#response as { statusCode: number; errored?: Error | null };
    return (
      this.#stream?.failure ??
      (this.#isBrokenOff ? (errored ?? BROKEN_OFF) : undefined) ?? {
        name: `HTTP ${statusCode}`,
        message: STATUS_CODES[statusCode] ?? '',
      }
    );
  }
}

function concludeLater(exchange: HttpExchange, atMs: number): void {
  exchange.concludeLater(atMs);
}

function notePiped(this: ServerResponse, source: Readable): void {
  exchangeOfNodes(this)?.sentFrom(source);
}

/** Express leaves the matched route on the request, and a wildcard there when only a middleware matched. */
function expressRoute(request: IncomingMessage): string | undefined {
  const path = (request as { route?: { path?: unknown } }).route?.path;
  return typeof path === 'string' && !path.includes('*') ? path : undefined;
}
