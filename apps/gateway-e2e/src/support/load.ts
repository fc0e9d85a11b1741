import { setTimeout as delay } from 'node:timers/promises';
import { EventStream } from './event-stream.js';
import type { Gateway } from './gateway.js';
import type { Redis } from './redis.js';

/** Slow enough that the gateway still has the traces of the last seconds. */
const PAUSE_MS = 100;

/**
 * All that can happen to the gateway, again and again, until it is stopped: for tests that watch it from outside. The
 * gateway is one with {@link LOADABLE}.
 */
export class Load {
  readonly #gateway: Gateway;
  readonly #redis: Redis;
  readonly #done: Promise<void>;
  #isStopped = false;
  #rounds = 0;

  constructor(gateway: Gateway, redis: Redis) {
    this.#gateway = gateway;
    this.#redis = redis;
    this.#done = this.#run();
    // Told when it is stopped.
    this.#done.catch(() => undefined);
  }

  /** Resolves when the last round is over; rejects when one failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    // Bounded, should nobody stop it.
    while (!this.#isStopped && this.#rounds < 1_000) {
      this.#rounds += 1;
      await this.#answers();
      await this.#leavesAnAnswer();
      await this.#leavesWhileRedisHangs();
      await delay(PAUSE_MS);
    }
  }

  /** A fresh answer, the same from the cache, a look at its trace, and two refusals. */
  async #answers(): Promise<void> {
    const { url } = this.#gateway;
    const question = `dimmer ${this.#rounds}`;
    const { traceId } = await EventStream.answer(url, question);
    await EventStream.answer(url, question);
    for (const path of [`traces/${traceId}`, 'search', 'nowhere'])
      await (await fetch(`${url}/${path}`)).text();
  }

  async #leavesAnAnswer(): Promise<void> {
    const stream = await EventStream.search(this.#gateway.url, `followspot ${this.#rounds}`);
    await stream.until(({ events }) => events.length > 2);
    stream.leave();
    await stream.closed;
  }

  /** The client gets a heartbeat and goes; what waits for Redis stops with it. */
  async #leavesWhileRedisHangs(): Promise<void> {
    this.#redis.signal('SIGSTOP');
    const stream = await EventStream.search(this.#gateway.url, `lamp ${this.#rounds}`);
    stream.leave();
    await this.#gateway.requestLine(stream.traceId);
    this.#redis.signal('SIGCONT');
  }
}

/** The environment that {@link Load} needs beside its corpus and Redis. */
export const LOADABLE = { REDIS_TIMEOUT_MS: '100', HEARTBEAT_MS: '10' };
