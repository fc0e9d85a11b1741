import type { DropCounts } from '../drop-counts.js';
import { Aftermath, type Spending } from './aftermath.js';

/** What a hit has spared, on average. */
export interface Saving {
  /** Milliseconds. */
  readonly timeMs: number;
  /** Undefined when it is not known. */
  readonly cost: number | undefined;
  /** Of the cost, by ISO 4217; undefined where nothing says so. */
  readonly currency: string | undefined;
}

/**
 * What the caches of one application are worth. A hit saves what usually follows a miss of this cache, less what
 * usually follows a hit: behind a cache of answers nothing does, behind one of documents the model is asked all the
 * same. Both are running averages over traces that went well, kept or not. See
 * docs/decisions/0020-what-a-hit-saves.md.
 */
export class CacheSavings {
  readonly #caches = new Map<string, { readonly hit: Aftermath; readonly miss: Aftermath }>();

  /** @param limit Different names of caches; what is saved by further ones is not known. */
  constructor(
    private readonly limit: number,
    private readonly drops: DropCounts,
  ) {}

  /** What a hit of this cache saves; undefined as long as nobody has seen what a miss costs. */
  of(cache: string): Saving | undefined {
    const { hit, miss } = this.#caches.get(cache) ?? {};
    if (hit === undefined || miss?.timeMs === undefined) return undefined;
    return {
      timeMs: Math.max(0, miss.timeMs - (hit.timeMs ?? 0)),
      cost: costSaved(hit, miss),
      currency: miss.currency,
    };
  }

  /** What followed one look-up. */
  add(cache: string, isHit: boolean, timeMs: number, spending: Spending): void {
    let seen = this.#caches.get(cache);
    if (seen === undefined) {
      if (this.#caches.size >= this.limit) {
        this.drops.cacheNames += 1;
        return;
      }
      seen = { hit: new Aftermath(), miss: new Aftermath() };
      this.#caches.set(cache, seen);
    }
    (isHit ? seen.hit : seen.miss).add(timeMs, spending);
  }
}

function costSaved(hit: Aftermath, miss: Aftermath): number | undefined {
  if (!miss.hasCalls || miss.cost === undefined) return undefined;
  if (!hit.hasCalls) return miss.cost;
  const isComparable = hit.currency === miss.currency || hit.cost === 0;
  return hit.cost === undefined || !isComparable ? undefined : Math.max(0, miss.cost - hit.cost);
}
