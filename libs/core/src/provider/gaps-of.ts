import type { GapHistogram } from '../gap-histogram.js';
import type { Attributes, StageExecution } from '../stage-execution.js';

/** How the gaps between the chunks of one answer are spread. */
export type Gaps = Pick<GapHistogram, 'sum' | 'forEach'>;

/**
 * Of the provider stage that ended last, and no other: sinks of scope `all` are told of a stage as soon as it has ended. A
 * weak map for all of them would cost more than to count a stage does.
 */
let attributesOfLast: Attributes | undefined;
let gapsOfLast: Gaps | undefined;

/** Says of a stage that ends how the gaps between its chunks are spread. */
export function setGaps(attributes: Attributes, gaps: Gaps | undefined): void {
  attributesOfLast = attributes;
  gapsOfLast = gaps;
}

/**
 * How the gaps between the chunks of a provider stage are spread, for a sink of scope `all` while it is told that the stage
 * has ended. Undefined at any other time, of stages that are not measured, and with fewer than two gaps, of which
 * `gapMeanMs` says everything.
 */
export function gapsOf({ attributes }: Pick<StageExecution, 'attributes'>): Gaps | undefined {
  // The one object that a stage and the record that is given away of it share.
  return attributes === attributesOfLast ? gapsOfLast : undefined;
}
