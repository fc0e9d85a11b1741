import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { AttributeValue, Clock, Stage } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { EventId } from './event-id.js';
import { ResumedEvents } from './resumed-events.js';
import { isHeartbeat } from './sse-message.js';
import { stageDuring } from './stage-during.js';
import type { WatchedStream } from './open-watcher.js';
import { StreamGaps } from './stream-gaps.js';

/** What the streams of an application have in common. */
export interface StreamSetup {
  readonly stream: StreamOptions;
  readonly isShuttingDown: () => boolean;
  /** That of the recorder, so that an event need not look for it through its stage and its trace. */
  readonly clock: Clock;
}

/** A response and what is sent on it. */
export interface StreamResponse {
  readonly raw: ServerResponse;
  /** What Nest pipes into it; undefined when nothing is sent, as for HEAD, and as long as it has not begun to. */
  readonly source: Readable | undefined;
  /** The last event that the client has of a stream that goes on here; undefined when one begins. */
  readonly resumesAfter: EventId | undefined;
  /** Told of every gap between events. */
  readonly watched?: WatchedStream;
}

/**
 * The figures of one stream, from its first message to its end. A message costs a few additions and no memory. What is
 * derived from one another here is one object, because each open stream has one.
 */
export class StreamFigures extends StreamGaps<ServerResponse> {
  readonly stage: Stage;
  protected readonly setup: StreamSetup;
  /** Only where there is something to compare with: ids are not looked at otherwise. */
  readonly #resumed: ResumedEvents | undefined;
  #events = 0;
  #heartbeats = 0;

  constructor(stage: Stage, response: StreamResponse, setup: StreamSetup) {
    super(response.raw, setup.stream, response.watched);
    this.stage = stage;
    this.setup = setup;
    if (response.source !== undefined) this.sentFrom(response.source);
    this.#resumed = response.resumesAfter && new ResumedEvents(response.resumesAfter);
  }

  /** The stage that was running then. */
  protected override stageDuring(fromMs: number, toMs: number): string | undefined {
    const { trace } = this.stage;
    // A copy, because only that tells how long a stage that is still open, or waits to be used, has been running.
    return stageDuring(this.stage.snapshot(trace.now()), trace.wallAt(fromMs), trace.wallAt(toMs));
  }

  /** Whether messages wait for the client. */
  get hasPending(): boolean {
    return this.pendingMessages > 0;
  }

  /** A message is about to be handed on. */
  message(message: unknown): void {
    this.produced();
    if (isHeartbeat(message)) {
      this.#heartbeats += 1;
      return;
    }
    if (this.#events === 0) this.stage.trace.markAnswered();
    this.#events += 1;
    this.event(this.setup.clock.now());
    if (this.#resumed !== undefined) this.#resumed.sent((message as { id?: unknown } | null | undefined)?.id);
  }

  /** The stream is open no longer. */
  closed(): void {
    this.watched?.closed();
  }

  /**
   * Sets `events`, and every other figure where it says something: on the very object that the stage was opened with,
   * because to put them into another one first takes as long as all the rest.
   */
  describeStage(): void {
    if (this.stage.hasEnded) return;
    const { attributes } = this.stage;
    // Shared by all stages that have none, as where the limits leave no room for the route.
    const hasOwn = !Object.isFrozen(attributes);
    const found: Record<string, AttributeValue> = hasOwn ? attributes : {};
    found['events'] = this.#events;
    if (this.#events > 0) found['timeToFirstEventMs'] = this.stage.trace.markAnswered();
    if (this.#heartbeats > 0) found['heartbeats'] = this.#heartbeats;
    this.describe(found);
    this.#resumed?.describe(found);
    const { worstDuring } = this;
    if (!hasOwn) this.stage.describe(found);
    // The only one that may have to be cut.
    if (worstDuring !== undefined) this.stage.describe({ stalledDuring: worstDuring });
  }
}
