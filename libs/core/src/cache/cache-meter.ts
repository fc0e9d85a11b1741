import { microseconds } from '../microseconds.js';
import type { StageListener } from '../stage/stage-listener.js';
import type { Stage } from '../stage/stage.js';
import type { Outcome } from '../stage/stage-execution.js';

/** Of a cache that its stage does not name; as metrics call it. */
const UNNAMED = 'unknown';

/**
 * Looks at a stage of kind `cache` when it ends: what a hit has saved is written down, and of every look-up what
 * follows it is learnt when its trace ends. A look-up that failed has neither hit nor missed.
 */
class CacheMeter implements StageListener {
  constructor(private readonly stage: Stage) {}

  chunk(): void {
    // A look-up may come to a stream; only how it ends matters.
  }

  value(): void {
    // The attribute `hit` says it.
  }

  ends(outcome: Outcome): Outcome {
    const { trace, attributes } = this.stage;
    const { cache, hit } = attributes;
    // After a look-up that is a trace of its own nothing follows.
    if (outcome !== 'ok' || typeof hit !== 'boolean' || this.stage === trace.root) return outcome;
    trace.recorder.attempt('cache savings', () => {
      const name = cache === undefined || cache === '' ? UNNAMED : String(cache);
      if (hit) this.#recordSaving(name);
      trace.lookups.add({ cache: name, isHit: hit, endedAt: trace.wallAt(trace.now()) });
    });
    return outcome;
  }

  #recordSaving(cache: string): void {
    const { savings } = this.stage.trace.recorder;
    const saving = savings.of(cache);
    if (saving === undefined) return;
    // What the application says goes before an estimate.
    const { timeSavedMs, costSaved } = this.stage.attributes;
    if (timeSavedMs === undefined) this.stage.setAttribute('timeSavedMs', microseconds(saving.timeMs));
    if (saving.cost === undefined || costSaved !== undefined) return;
    this.stage.setAttribute('costSaved', Math.round(saving.cost * 1e12) / 1e12);
    if (saving.currency !== undefined) this.stage.setAttribute('costCurrency', saving.currency);
  }
}

/** Made for every stage of kind `cache`. */
export const meterOfCache = (stage: Stage): StageListener => new CacheMeter(stage);
