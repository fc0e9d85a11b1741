import type { DropCounts } from '@followspot/core';

/** An engine in which nothing was dropped. */
export const noDrops: DropCounts = {
  stages: 0,
  openTraces: 0,
  historyTraces: 0,
  stageIds: 0,
  attributes: 0,
  lateStages: 0,
  cacheNames: 0,
  unpricedCalls: 0,
  internalErrors: 0,
  logValues: 0,
};
