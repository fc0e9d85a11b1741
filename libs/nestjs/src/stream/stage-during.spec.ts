import { describe, expect, it } from '@jest/globals';
import type { StageExecution } from '@followspot/core';
import { stageDuring } from './stage-during.js';

function stage(
  stageId: string,
  startedAt: number,
  endedAt: number,
  ...substages: StageExecution[]
): StageExecution {
  return { stageId, startedAt, durationMs: endedAt - startedAt, substages } as unknown as StageExecution;
}

describe('What was running during an interval', () => {
  it.each<[string, StageExecution[], string | undefined]>([
    ['nothing, without substages', [], undefined],
    ['nothing, where all ran before or after', [stage('A', 0, 10), stage('B', 90, 200)], undefined],
    ['nothing, where none ran for half of it', [stage('A', 0, 49), stage('B', 71, 100)], undefined],
    ['the stage that covers it', [stage('A', 0, 20), stage('B', 15, 95)], 'B'],
    ['a stage that ended just before it', [stage('A', 25, 89)], 'A'],
    ['the innermost one', [stage('A', 0, 100, stage('B', 10, 90, stage('C', 0, 25)))], 'B'],
    ['the latest of those beside each other', [stage('A', 0, 100), stage('B', 30, 100)], 'B'],
  ])('is %s', (_, substages, expected) => {
    expect(stageDuring(stage('HTTP.2_STREAM', 0, 200, ...substages), 20, 90)).toBe(expected);
  });
});
