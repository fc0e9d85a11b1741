import { Injectable } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { LRUCache } from 'lru-cache';
import { GatewayConfig } from '../config/gateway-config.js';
import type { CachedAnswer } from './cached-answer.js';

/** What became of an answer that was to be kept. */
export interface L1Stored {
  /** False when it alone is more than the cache may hold. */
  readonly isStored: boolean;
  /** How many others made room. */
  readonly evicted: number;
}

/** The first level of the cache: the answers of this process, in memory. The least recently used makes room. */
@Injectable()
export class L1Cache {
  readonly #answers: LRUCache<string, CachedAnswer>;
  #evicted = 0;

  constructor(
    { l1MaxAnswers, l1MaxBytes, l1TtlMs }: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {
    this.#answers = new LRUCache({
      max: l1MaxAnswers,
      maxSize: l1MaxBytes,
      sizeCalculation: ({ sources, text }) =>
        Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(sources)),
      ttl: l1TtlMs,
      // lru-cache would keep the clock that there is when it is loaded; tests bring their own.
      perf: { now: () => performance.now() },
      dispose: (_answer, _key, reason) => {
        if (reason === 'evict') this.#evicted += 1;
      },
    });
  }

  @TrackStage('2.1_L1_CACHE_LOOKUP', {
    kind: 'cache',
    attributes: (answer: CachedAnswer | undefined) => ({ cache: 'l1', hit: answer !== undefined }),
  })
  lookup(key: string): CachedAnswer | undefined {
    const status: LRUCache.Status<string, CachedAnswer> = {};
    const answer = this.#answers.get(key, { status });
    if (status.get === 'stale') this.tracker.setAttribute('expired', true);
    return answer;
  }

  /** The same where it is no look-up of its own. */
  peek(key: string): CachedAnswer | undefined {
    return this.#answers.peek(key);
  }

  store(key: string, answer: CachedAnswer): L1Stored {
    const before = this.#evicted;
    const status: LRUCache.Status<string, CachedAnswer> = {};
    this.#answers.set(key, answer, { status });
    return { isStored: status.set !== 'miss', evicted: this.#evicted - before };
  }
}
