import { Injectable } from '@nestjs/common';
import { TrackStage } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { type CachedAnswer, parseAnswer } from './cached-answer.js';
import { RedisService } from './redis.service.js';

/** The second level of the cache: answers that all processes share, in Redis. Both methods reject while it is away. */
@Injectable()
export class L2Cache {
  constructor(
    private readonly redis: RedisService,
    private readonly config: GatewayConfig,
  ) {}

  get isConfigured(): boolean {
    return this.redis.isConfigured;
  }

  @TrackStage('2.2_L2_CACHE_LOOKUP', {
    kind: 'cache',
    attributes: (answer: CachedAnswer | undefined) => ({ cache: 'l2', hit: answer !== undefined }),
  })
  async lookup(key: string): Promise<CachedAnswer | undefined> {
    const json = await this.redis.get(key);
    return json === undefined ? undefined : parseAnswer(json);
  }

  async store(key: string, answer: CachedAnswer): Promise<void> {
    await this.redis.set(key, JSON.stringify(answer), this.config.l2TtlSeconds);
  }
}
