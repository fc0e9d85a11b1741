import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { CorpusService } from '../corpus/corpus.service.js';
import type { CachedAnswer } from './cached-answer.js';
import { L1Cache } from './l1-cache.service.js';
import { L2Cache } from './l2-cache.service.js';

/** Where a cached answer was found. */
export type CacheLevel = 'l1' | 'l2';

/** Both levels as one. A Redis that is away costs its level and nothing else. */
@Injectable()
export class AnswerCache {
  constructor(
    private readonly l1: L1Cache,
    private readonly l2: L2Cache,
    private readonly corpus: CorpusService,
    private readonly config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {}

  /** Everything that an answer depends on, because several gateways may share one Redis. */
  keyOf(question: string): string {
    const normalised = question.toLowerCase().replace(/\s+/g, ' ');
    const { answerMaxWords, endpoints, promptMaxCharacters } = this.config;
    // Which model is asked when this one fails is no part of it: its answers are not cached.
    const model = endpoints[0] && [endpoints[0].baseUrl, endpoints[0].model, promptMaxCharacters];
    const asked = JSON.stringify([normalised, model]);
    const hash = createHash('sha256').update(asked).digest('hex').slice(0, 32);
    return `followspot:answer:${this.corpus.fingerprint}:${answerMaxWords}:${hash}`;
  }

  /** A cached answer to the question; undefined when there is none. Rejects when the client leaves meanwhile. */
  @TrackStage('2.0_CACHE_LOOKUP')
  async lookup(question: string): Promise<{ answer: CachedAnswer; level: CacheLevel } | undefined> {
    const key = this.keyOf(question);
    const near = this.l1.lookup(key);
    if (near !== undefined) return { answer: near, level: 'l1' };
    if (!this.l2.isConfigured) return undefined;
    const { signal } = this.tracker;
    const shared = await this.l2.lookup(key).catch(() => {
      // Cancelled, and no miss.
      signal.throwIfAborted();
      return undefined;
    });
    if (shared === undefined) {
      // Somebody else may have answered while Redis kept us waiting.
      const meanwhile = this.l1.peek(key);
      return meanwhile && { answer: meanwhile, level: 'l1' };
    }
    this.l1.store(key, shared);
    return { answer: shared, level: 'l2' };
  }

  @TrackStage('6.0_CACHE_STORE')
  async store(question: string, answer: CachedAnswer): Promise<void> {
    const key = this.keyOf(question);
    const { isStored, evicted } = this.l1.store(key, answer);
    if (!isStored) this.tracker.setAttribute('l1Stored', false);
    if (evicted > 0) this.tracker.setAttribute('l1Evicted', evicted);
    if (!this.l2.isConfigured) return;
    const isShared = await this.l2.store(key, answer).then(
      () => true,
      () => false,
    );
    this.tracker.setAttribute('l2Stored', isShared);
  }
}
