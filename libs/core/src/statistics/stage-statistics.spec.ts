import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome, StageExecution } from '../stage/stage-execution.js';
import { StatisticsSink, type StageStatistics } from './stage-statistics.js';
import { Tracking } from '../testing/tracking.js';

interface Execution {
  readonly durationMs: number;
  readonly outcome: Outcome;
}

function record(sink: StatisticsSink, stageId: string, execution: Execution): void {
  sink.record({ stageId, ...execution } as StageExecution);
}

/** Nearest rank as the textbook has it: the smallest value that at least `percent` percent of all do not exceed. */
function nearestRank(values: readonly number[], percent: number): number | undefined {
  return values
    .toSorted((a, b) => a - b)
    .find((value) => {
      const notAbove = values.filter((other) => other <= value).length;
      return notAbove * 100 >= percent * values.length;
    });
}

function naive(stageId: string, executions: readonly Execution[]): object {
  const durations = executions.map(({ durationMs }) => durationMs);
  const count = (outcome: Outcome): number =>
    executions.filter((execution) => execution.outcome === outcome).length;
  return {
    stageId,
    executionCount: executions.length,
    minDurationMs: Math.min(...durations),
    maxDurationMs: Math.max(...durations),
    p50DurationMs: nearestRank(durations, 50),
    p95DurationMs: nearestRank(durations, 95),
    p99DurationMs: nearestRank(durations, 99),
    successRate: (executions.length - count('error')) / executions.length,
    errorCount: count('error'),
    cancelledCount: count('cancelled'),
  };
}

const execution = fc.record({
  durationMs: fc.integer({ min: 0, max: 10_000_000 }).map((microseconds) => microseconds / 1_000),
  outcome: fc.constantFrom<Outcome>('ok', 'error', 'cancelled'),
});

describe('stage statistics', () => {
  it('are what a naive model says, for every capacity, number of executions and limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.array(execution, { minLength: 1, maxLength: 150, size: 'max' }),
        fc.integer({ min: 1, max: 200 }),
        (capacity, executions, limit) => {
          const sink = new StatisticsSink(capacity);
          for (const one of executions) record(sink, 'A', one);
          const last = executions.slice(-Math.min(capacity, limit));
          const { avgDurationMs, ...figures } = sink.of('A', limit) as StageStatistics;
          expect(figures).toEqual(naive('A', last));
          const sum = last.reduce((total, { durationMs }) => total + durationMs, 0);
          expect(avgDurationMs).toBeCloseTo(sum / last.length, 2);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('take percentiles by nearest rank, so that each is a duration that was measured', () => {
    const sink = new StatisticsSink(1_000);
    for (let durationMs = 100; durationMs >= 1; durationMs -= 1)
      record(sink, 'A', { durationMs, outcome: 'ok' });
    expect(sink.of('A', 100)).toMatchObject({
      p50DurationMs: 50,
      p95DurationMs: 95,
      p99DurationMs: 99,
      maxDurationMs: 100,
    });
    expect(sink.of('A', 1)).toMatchObject({
      p50DurationMs: 1,
      p95DurationMs: 1,
      p99DurationMs: 1,
      executionCount: 1,
    });
  });

  it('are kept apart by stage id, also by odd ones', () => {
    const sink = new StatisticsSink(10);
    for (const [durationMs, stageId] of ['constructor', 'hasOwnProperty', '__proto__'].entries()) {
      record(sink, stageId, { durationMs, outcome: 'ok' });
    }
    expect(sink.of('hasOwnProperty', 10)).toMatchObject({ executionCount: 1, maxDurationMs: 1 });
    expect(sink.of('toString', 10)).toBeUndefined();
  });

  it('remember as many executions as the limit executionsPerStatistic says', () => {
    const { tracker, run } = bound(new Tracking({ limits: { executionsPerStatistic: 3 } }));
    run(() => {
      for (let index = 0; index < 20; index += 1) tracker.trackStage('A', () => index);
    });
    expect(tracker.getStageStatistics('A', 100)?.executionCount).toBe(3);
  });

  it('are over the last 100 executions unless told otherwise', () => {
    const { tracker, run } = bound(new Tracking());
    run(() => {
      for (let index = 0; index < 150; index += 1) tracker.trackStage('A', () => index);
    });
    expect(tracker.getStageStatistics('A')?.executionCount).toBe(100);
    expect(tracker.getStageStatistics('A', 120)?.executionCount).toBe(120);
    expect(tracker.getStageStatistics('A', 1_000_000)?.executionCount).toBe(150);
  });

  it('are undefined for a stage that was never executed', () => {
    expect(new Tracking().tracker.getStageStatistics('A')).toBeUndefined();
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10', null])('refuse the limit %p', (limit) => {
    expect(() => new Tracking().tracker.getStageStatistics('A', limit as number)).toThrow(
      new RangeError(`limit must be a whole number of at least 1, got ${String(limit)}`),
    );
  });

  it('count every trace that was measured, and not only those that were kept', () => {
    const tracking = new Tracking({ sampleRate: 0 });
    tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    expect(tracking.kept.stages).toEqual([]);
    expect(tracking.tracker.getStageStatistics('A')?.executionCount).toBe(1);
  });
});

function bound(tracking: Tracking): { tracker: Tracking['tracker']; run: (fn: () => void) => void } {
  return {
    tracker: tracking.tracker,
    run: (fn) => {
      tracking.run(fn);
    },
  };
}
