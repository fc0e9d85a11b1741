import { Injectable } from '@nestjs/common';
import { TrackStage } from '@followspot/nestjs';
import { LRUCache } from 'lru-cache';
import type { CachedAnswer } from './cached-answer.js';

/** The first level of the cache: the answers of this process, in memory. The least recently used makes room. */
@Injectable()
export class L1Cache {
  readonly #answers = new LRUCache<string, CachedAnswer>({
    max: 1_000,
    maxSize: 16 * 1024 * 1024,
    sizeCalculation: ({ sources, text }) => text.length + JSON.stringify(sources).length,
    ttl: 5 * 60_000,
  });

  @TrackStage('2.1_L1_CACHE_LOOKUP', {
    kind: 'cache',
    attributes: (answer: CachedAnswer | undefined) => ({ cache: 'l1', hit: answer !== undefined }),
  })
  lookup(key: string): CachedAnswer | undefined {
    return this.#answers.get(key);
  }

  store(key: string, answer: CachedAnswer): void {
    this.#answers.set(key, answer);
  }
}
