import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDrops } from './drop-counts.js';
import { History } from './history.js';
import type { ExecutionSummary } from './stage-execution.js';

function summaryOf(threadId: string, traceId = threadId): ExecutionSummary {
  return {
    traceId,
    threadId,
    startedAt: 0,
    totalDurationMs: 0,
    stageCount: 0,
    droppedStages: 0,
    success: true,
    outcome: 'ok',
    keptBecause: 'sampled',
    running: false,
    stages: [],
  };
}

describe('History', () => {
  it('forgets the oldest trace when it is full, and counts it', () => {
    const drops = noDrops();
    const history = new History(2, drops);
    for (const threadId of ['a', 'b', 'c']) history.add(summaryOf(threadId));
    expect(['a', 'b', 'c'].map((threadId) => history.latest(threadId)?.traceId)).toEqual([
      undefined,
      'b',
      'c',
    ]);
    expect([history.size, drops.historyTraces]).toEqual([2, 1]);
  });

  it('answers the latest of the traces that share a thread id, and the one before when it is gone', () => {
    const history = new History(2, noDrops());
    for (const traceId of ['1', '2', '3']) history.add(summaryOf('t', traceId));
    expect(history.latest('t')?.traceId).toBe('3');
    expect(history.clear('t')).toBe(2);
    expect([history.latest('t'), history.size]).toEqual([undefined, 0]);
  });

  it('clears nothing for an unknown thread id', () => {
    const history = new History(2, noDrops());
    history.add(summaryOf('a'));
    expect([history.clear('b'), history.clear('__proto__'), history.size]).toEqual([0, 0, 1]);
  });

  it.each(['__proto__', 'constructor', '', '🎭'])('finds the thread id %p and no other', (threadId) => {
    const history = new History(2, noDrops());
    expect(history.latest(threadId)).toBeUndefined();
    history.add(summaryOf(threadId));
    expect(history.latest(threadId)?.threadId).toBe(threadId);
  });

  it('does in any order of adding and clearing what a plain list would do', () => {
    const threadId = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: threadId }) },
      { weight: 1, arbitrary: fc.record({ clear: threadId }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 40 }), (limit, steps) => {
        const drops = noDrops();
        const history = new History(limit, drops);
        let model: ExecutionSummary[] = [];
        let evicted = 0;
        for (const next of steps) {
          if ('add' in next) {
            const summary = summaryOf(next.add, String(model.length));
            history.add(summary);
            model.push(summary);
            if (model.length > limit) evicted += model.splice(0, 1).length;
          } else {
            const count = model.filter((summary) => summary.threadId === next.clear).length;
            expect(history.clear(next.clear)).toBe(count);
            model = model.filter((summary) => summary.threadId !== next.clear);
          }
          expect(history.size).toBe(model.length);
          for (const id of ['a', 'b', 'c', 'd']) {
            expect(history.latest(id)).toBe(model.findLast((summary) => summary.threadId === id));
          }
        }
        expect(drops.historyTraces).toBe(evicted);
      }),
    );
  });
});
