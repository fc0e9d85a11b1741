import { AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ExecutionTracker } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { withDeadline } from './deadline.js';
import { Outage } from './outage.js';
import { createRedisClient, isRefusal, type RedisClient } from './redis-client.js';

/**
 * The connection to Redis, which may be missing, come late, go away and come back. Commands fail while it is away and
 * when it is too slow; an outage is told once, and so is its end. One that is there and stores nothing, because its memory
 * is full, goes on being read.
 */
@Injectable()
export class RedisService implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Redis');
  readonly #timeoutMs: number;
  readonly #client: RedisClient | undefined;
  readonly #away = new Outage(
    (reason) => {
      this.#logger.warn(`Redis cannot be used, searches go on without it: ${reason}`);
    },
    () => {
      this.#logger.log('Redis can be used again');
    },
  );
  readonly #refusing = new Outage(
    (reason) => {
      this.#logger.warn(`Redis stores no answers: ${reason}`);
    },
    () => {
      this.#logger.log('Redis stores answers again');
    },
  );

  constructor(
    config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {
    this.#timeoutMs = config.redisTimeoutMs;
    if (config.redisUrl === undefined) return;
    this.#client = createRedisClient(config.redisUrl, this.#timeoutMs);
    // Bound: the socket is opened inside a trace, and what happens to it later belongs to none.
    this.#client.on(
      'error',
      AsyncResource.bind((error: unknown) => {
        this.#away.begins(error);
      }),
    );
    this.#client.on(
      'ready',
      AsyncResource.bind(() => {
        this.#away.ends();
      }),
    );
  }

  /** Whether there is a Redis to use at all. */
  get isConfigured(): boolean {
    return this.#client !== undefined;
  }

  /** Waits for the first attempt to connect; when it fails, the gateway starts all the same. */
  async onModuleInit(): Promise<void> {
    const client = this.#client;
    if (client === undefined) {
      this.#logger.log('REDIS_URL is not set: answers are cached in memory only');
      return;
    }
    const options = { threadId: 'redis', force: true };
    await this.tracker
      .runTrace('REDIS.2_CONNECTION_ESTABLISHMENT', () => this.#connect(client), options)
      .catch((error: unknown) => {
        this.#away.begins(error);
      });
  }

  /** Nobody needs the value any more when the client has left: rejects at once then. */
  async get(key: string): Promise<string | undefined> {
    return (await this.#run((client) => client.get(key), this.tracker.signal)) ?? undefined;
  }

  /** Goes on when the client has left: others will want the value. */
  async set(key: string, value: string, ttlSeconds: number): Promise<void> {
    const expiration = { type: 'EX', value: ttlSeconds } as const;
    try {
      await this.#run((client) => client.set(key, value, { expiration }));
      this.#refusing.ends();
    } catch (error) {
      if (isRefusal(error)) this.#refusing.begins(error);
      throw error;
    }
  }

  /** After the server has closed, when nothing needs the connection any more. */
  onApplicationShutdown(): void {
    if (this.#client?.isOpen === true) this.#client.destroy();
  }

  async #connect(client: RedisClient): Promise<void> {
    // Goes on with further attempts for as long as it takes; the first error rejects what is awaited here.
    client.connect().catch(() => undefined);
    await once(client, 'ready', { signal: AbortSignal.timeout(this.#timeoutMs) });
  }

  async #run<T>(command: (client: RedisClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#client === undefined) throw new Error('there is no Redis');
    try {
      const reply = await withDeadline(command(this.#client), this.#timeoutMs, signal);
      this.#away.ends();
      return reply;
    } catch (error) {
      // It has answered; and that a client has left says nothing about it.
      if (isRefusal(error)) this.#away.ends();
      else if (signal?.aborted !== true) this.#away.begins(error);
      throw error;
    }
  }
}
