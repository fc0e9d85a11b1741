import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { merge, type Observable, ReplaySubject, takeWhile } from 'rxjs';
import { isEnd, type PlacedEvent } from './search-event.js';

/** How long a shutdown waits for clients to take what has been sent to them. */
const DRAIN_MS = 1_000;

/** Tells the clients of open streams that the gateway stops, and gives them time to hear it. */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  readonly #shutdown = new ReplaySubject<PlacedEvent>(1);
  readonly #responses = new Set<ServerResponse>();

  /** The events up to the last one, or up to a `shutdown` in their place. */
  endedByShutdown(events: Observable<PlacedEvent>, response: ServerResponse): Observable<PlacedEvent> {
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    return merge(this.#shutdown, events).pipe(takeWhile((event) => !isEnd(event), true));
  }

  /** Before the server cuts all connections. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#shutdown.next({ type: 'shutdown' });
    const closed = [...this.#responses].map(
      (response) => new Promise((resolve) => response.once('close', resolve)),
    );
    await Promise.race([Promise.all(closed), delay(DRAIN_MS, undefined, { ref: false })]);
  }
}
