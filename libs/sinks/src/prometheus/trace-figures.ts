import type { KeptBecause, TraceIdentity } from '@followspot/core';
import { type Labels, type Sample, sampleOf } from './sample.js';

const REASONS: readonly KeptBecause[] = ['sampled', 'forced', 'failed', 'slow', 'abandoned'];

interface Reason {
  readonly labels: Labels;
  traces: number;
}

/** Ended traces of requests, by why they were kept. */
export class TraceFigures {
  readonly #reasons = new Map(REASONS.map((kept) => [kept, reasonOf(kept)]));
  readonly #notKept = reasonOf('none');

  record({ keptBecause }: TraceIdentity): void {
    if (keptBecause === undefined) this.#notKept.traces += 1;
    else this.#reasonOf(keptBecause).traces += 1;
  }

  totals(): Sample[] {
    return [...this.#reasons.values(), this.#notKept].map(({ labels, traces }) => sampleOf(labels, traces));
  }

  summary(): { readonly all: number; readonly kept: number } {
    const kept = [...this.#reasons.values()].reduce((sum, { traces }) => sum + traces, 0);
    return { all: kept + this.#notKept.traces, kept };
  }

  /** The engine may learn reasons that are not in the list. */
  #reasonOf(kept: KeptBecause): Reason {
    const reason = this.#reasons.get(kept) ?? reasonOf(kept);
    this.#reasons.set(kept, reason);
    return reason;
  }
}

function reasonOf(kept: string): Reason {
  return { labels: { kept }, traces: 0 };
}
