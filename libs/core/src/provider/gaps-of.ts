import type { GapHistogram } from '../statistics/gap-histogram.js';
import type { Attributes, StageExecution } from '../stage/stage-execution.js';

/** How the gaps between the chunks of one answer are spread. */
export type Gaps = Pick<GapHistogram, 'sum' | 'forEach'>;

/** By the attributes of a stage: the one object that a stage and the record that is given away of it share. */
const gapsByAttributes = new WeakMap<Attributes, Gaps>();

/** Says of a stage that ends how the gaps between its chunks are spread. */
export function setGaps(attributes: Attributes, gaps: Gaps | undefined): void {
  if (gaps !== undefined) gapsByAttributes.set(attributes, gaps);
}

/**
 * How the gaps between the chunks of a provider stage that has ended are spread, for a sink of scope `all`. Undefined of
 * stages that are not measured, and with fewer than two gaps, of which `gapMeanMs` says everything.
 */
export function gapsOf({ attributes }: Pick<StageExecution, 'attributes'>): Gaps | undefined {
  return gapsByAttributes.get(attributes);
}
