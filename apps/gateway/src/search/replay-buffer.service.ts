import { Injectable, Logger } from '@nestjs/common';
import { parseEventId, TrackStage } from '@followspot/nestjs';
import { LRUCache } from 'lru-cache';
import { GatewayConfig } from '../config/gateway-config.js';
import { type ReplayDrops, ReplayLog } from './replay-log.js';
import type { RestartReason, SearchEvent } from './search-event.js';

/** How a client that has been here before is served. */
export type Resumption =
  | {
      readonly log: ReplayLog;
      /** The number of the last event that the client has. */
      readonly after: number;
      /** What it has missed so far. */
      readonly missed: readonly SearchEvent[];
      /** Whether that is all that will ever come. */
      readonly isComplete: boolean;
    }
  | { readonly restart: RestartReason };

/** Remembers the latest streams, open and ended ones, for clients that come back. Bounded in every direction. */
@Injectable()
export class ReplayBuffer {
  /** How often a bound turned something away. */
  readonly drops: ReplayDrops = { events: 0, streams: 0 };
  readonly #logger = new Logger('Replay');
  readonly #logs: LRUCache<string, ReplayLog>;
  readonly #readers = new WeakMap<ReplayLog, number>();
  readonly #warned = new Set<keyof ReplayDrops>();

  constructor(private readonly config: GatewayConfig) {
    this.#logs = new LRUCache({
      max: config.replayStreams,
      // lru-cache would keep the clock that there is when it is loaded; tests bring their own.
      perf: { now: () => performance.now() },
      dispose: (_log, _traceId, reason) => {
        if (reason === 'evict') this.#streamDropped();
      },
    });
  }

  /** Begins a stream. Another one of the same trace id, which clients may choose, makes room. */
  begin(traceId: string, question: string, opening: readonly SearchEvent[] = []): ReplayLog {
    return new ReplayLog(traceId, question, opening, this.config.replayEvents, this.drops);
  }

  /** The stream is being sent; as long as it is, its time to live does not run. */
  entered(log: ReplayLog): void {
    this.#readers.set(log, this.#readersOf(log) + 1);
    this.#logs.set(log.traceId, log);
  }

  /** It is no longer sent to one of its clients. */
  left(log: ReplayLog): void {
    this.#readers.set(log, this.#readersOf(log) - 1);
    if (log.length > this.config.replayEvents) {
      this.#warnOnce('events', `A stream has more events than REPLAY_EVENTS=${this.config.replayEvents}`);
    }
    // Evicted, or replaced, in the meantime.
    if (this.#readersOf(log) > 0 || this.#logs.peek(log.traceId) !== log) return;
    this.#logs.set(log.traceId, log, { ttl: this.config.replayTtlMs });
  }

  /** What a `Last-Event-ID` asks for. A stream is resumed for its own question only. */
  @TrackStage('1.1_RESUME', {
    attributes: (found: Resumption) =>
      'restart' in found
        ? { resumed: false, reason: found.restart }
        : { resumed: true, missedEvents: found.missed.length, isComplete: found.isComplete },
  })
  lookup(lastEventId: string, question: string): Resumption {
    const id = parseEventId(lastEventId);
    if (id === undefined) return { restart: 'malformed' };
    const log = this.#logs.get(id.traceId);
    if (log === undefined || id.sequence > log.length) return { restart: 'unknown' };
    if (log.question !== question) return { restart: 'other_question' };
    const missed = log.after(id.sequence);
    if (missed === undefined) return { restart: 'dropped' };
    return { log, after: id.sequence, missed, isComplete: log.isComplete };
  }

  #readersOf(log: ReplayLog): number {
    return this.#readers.get(log) ?? 0;
  }

  #streamDropped(): void {
    this.drops.streams += 1;
    this.#warnOnce('streams', `There are more streams than REPLAY_STREAMS=${this.config.replayStreams}`);
  }

  #warnOnce(bound: keyof ReplayDrops, what: string): void {
    if (this.#warned.has(bound)) return;
    this.#warned.add(bound);
    this.#logger.warn(`${what}: clients that come back for earlier ones start afresh`);
  }
}
