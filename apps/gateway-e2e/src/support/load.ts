import { setTimeout as delay } from 'node:timers/promises';
import { EventStream } from './event-stream.js';

/** Slow enough that the gateway still has the traces of the last seconds. */
const PAUSE_MS = 200;

/** All that can happen to the gateway, again and again, until it is stopped: for tests that watch it from outside. */
export class Load {
  readonly #url: string;
  readonly #done: Promise<void>;
  #isStopped = false;
  #rounds = 0;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#run();
  }

  /** Resolves when the last round is over; rejects when one failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    // Bounded, should nobody stop it.
    while (!this.#isStopped && this.#rounds < 1_000) {
      await this.#round();
      await delay(PAUSE_MS);
    }
  }

  /** A fresh answer, the same from the cache, a look at its trace, two refusals, and a client that leaves. */
  async #round(): Promise<void> {
    const question = `dimmer ${(this.#rounds += 1)}`;
    const { traceId } = await EventStream.answer(this.#url, question);
    await EventStream.answer(this.#url, question);
    for (const path of [`traces/${traceId}`, 'search', 'nowhere']) {
      await (await fetch(`${this.#url}/${path}`)).text();
    }
    const stream = await EventStream.search(this.#url, `followspot cues ${this.#rounds}`);
    await stream.until(({ events }) => events.length > 2);
    stream.leave();
    await stream.closed;
  }
}
