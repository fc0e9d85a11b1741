import { GapHistogram } from '../statistics/gap-histogram.js';
import { microseconds } from '../microseconds.js';
import { setGaps } from './gaps-of.js';
import type { Stage } from '../stage/stage.js';
import type { Attributes } from '../stage/stage-execution.js';

/** When the content of one answer came, on the clock of its stage: time between return and use does not count. */
export class ContentTiming {
  readonly #stage: Stage;
  #chunks = 0;
  #firstMs = 0;
  #lastMs = 0;
  #longestGapMs = 0;
  /** Made with the second gap: of a single one everything is known without. */
  #gaps: GapHistogram | undefined;
  #fromRequestMs = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** A chunk with content has come. */
  content(): void {
    const nowMs = this.#stage.elapsedMs;
    this.#chunks += 1;
    if (this.#chunks === 1) {
      this.#firstMs = nowMs;
      this.#fromRequestMs = this.#stage.trace.elapsedMs;
    } else {
      this.#gap(nowMs);
    }
    this.#lastMs = nowMs;
  }

  #gap(nowMs: number): void {
    const gapMs = nowMs - this.#lastMs;
    this.#longestGapMs = Math.max(this.#longestGapMs, gapMs);
    if (this.#chunks === 2) return;
    if (this.#gaps === undefined) {
      this.#gaps = new GapHistogram();
      this.#gaps.add(this.#lastMs - this.#firstMs);
    }
    this.#gaps.add(gapMs);
  }

  /** How many tokens a second came between the first and the last content; undefined where that says nothing. */
  tokensPerSecond(tokens: number): number | undefined {
    const seconds = (this.#lastMs - this.#firstMs) / 1_000;
    // The first token starts the clock.
    return tokens > 1 && seconds > 0 ? microseconds((tokens - 1) / seconds) : undefined;
  }

  /** Hands the gaps to whoever is told of the end of the stage; the last that happens before that. */
  tellGaps(): void {
    setGaps(this.#stage.attributes, this.#gaps);
  }

  /** What was measured; of an answer without content only that. */
  attributes(): Attributes {
    if (this.#chunks === 0) return { chunks: 0 };
    const first = {
      chunks: this.#chunks,
      timeToFirstChunkMs: microseconds(this.#firstMs),
      timeToFirstChunkFromRequestMs: microseconds(this.#fromRequestMs),
    };
    if (this.#chunks === 1) return first;
    return {
      ...first,
      gapMeanMs: microseconds((this.#lastMs - this.#firstMs) / (this.#chunks - 1)),
      gapP95Ms: microseconds(this.#gaps?.quantile(0.95) ?? this.#longestGapMs),
      gapMaxMs: microseconds(this.#longestGapMs),
    };
  }
}
