import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Attributes, AttributeValue, Stage } from '@followspot/core';
import type { StreamOptions } from '../config/stream-options.js';
import type { EventId } from './event-id.js';
import { ResumedEvents } from './resumed-events.js';
import { isHeartbeat } from './sse-message.js';
import { stageDuring } from './stage-during.js';
import type { WatchedStream } from './open-watcher.js';
import { StreamDelivery } from './stream-delivery.js';
import { type StallExplainer, StreamGaps } from './stream-gaps.js';

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

/** The figures of one stream, from its first message to its end. A message costs a few additions and no memory. */
export class StreamFigures implements StallExplainer {
  readonly #stage: Stage;
  readonly #gaps: StreamGaps;
  readonly #delivery: StreamDelivery;
  /** Only where there is something to compare with: ids are not looked at otherwise. */
  readonly #resumed: ResumedEvents | undefined;
  #events = 0;
  #heartbeats = 0;
  #timeToFirstEventMs: number | undefined;

  constructor(stage: Stage, response: StreamResponse, options: StreamOptions) {
    this.#stage = stage;
    this.#delivery = new StreamDelivery(response.raw);
    if (response.source !== undefined) this.#delivery.from(response.source);
    this.#resumed = response.resumesAfter && new ResumedEvents(response.resumesAfter);
    this.#gaps = new StreamGaps(options, this, response.watched);
  }

  /** The stage that was running between two readings of the monotonic clock. */
  stageDuring(fromMs: number, toMs: number): string | undefined {
    const { trace } = this.#stage;
    // A copy, because only that tells how long a stage that is still open, or waits to be used, has been running.
    return stageDuring(this.#stage.snapshot(trace.now()), trace.wallAt(fromMs), trace.wallAt(toMs));
  }

  /** Nest pipes the stream into the response. */
  sentFrom(source: Readable): void {
    this.#delivery.from(source);
  }

  /** Whether messages wait for the client. */
  get hasPending(): boolean {
    return this.#delivery.pendingMessages > 0;
  }

  /** A message is about to be handed on. */
  message(message: unknown): void {
    this.#delivery.produced();
    if (isHeartbeat(message)) {
      this.#heartbeats += 1;
      return;
    }
    const { trace } = this.#stage;
    if (this.#events === 0) this.#timeToFirstEventMs = trace.markAnswered();
    this.#events += 1;
    this.#gaps.event(trace.now());
    this.#resumed?.sent((message as { id?: unknown } | null | undefined)?.id);
  }

  /** The stream was cut short at this reading of the monotonic clock. */
  cut(nowMs: number): void {
    this.#gaps.cut(nowMs);
  }

  /** `events` always; every other figure where it says something. */
  attributes(): Attributes {
    const found: Record<string, AttributeValue> = { events: this.#events };
    if (this.#timeToFirstEventMs !== undefined) found['timeToFirstEventMs'] = this.#timeToFirstEventMs;
    if (this.#heartbeats > 0) found['heartbeats'] = this.#heartbeats;
    return {
      ...found,
      ...this.#gaps.attributes(),
      ...this.#delivery.attributes(),
      ...this.#resumed?.attributes(),
    };
  }
}
