import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDrops } from '../drop-counts.js';
import type { TraceHeader } from '../trace/execution-summary.js';
import type { StageExecution } from '../stage/stage-execution.js';
import { executionOf } from '../testing/execution.js';
import { History } from './history.js';

function ended(threadId: string, traceId = threadId): [TraceHeader, StageExecution] {
  const header: TraceHeader = { traceId, threadId, startedAt: 0, droppedStages: 0, keptBecause: 'sampled' };
  return [header, executionOf()];
}

describe('History', () => {
  it('forgets the oldest trace when it is full, and counts it', () => {
    const drops = noDrops();
    const history = new History(2, drops);
    for (const threadId of ['a', 'b', 'c']) history.add(...ended(threadId));
    expect(['a', 'b', 'c'].map((threadId) => history.latest(threadId)?.traceId)).toEqual([
      undefined,
      'b',
      'c',
    ]);
    expect([history.size, drops.historyTraces]).toEqual([2, 1]);
  });

  it('answers the latest of the traces that share a thread id, and the one before when it is gone', () => {
    const history = new History(2, noDrops());
    for (const traceId of ['1', '2', '3']) history.add(...ended('t', traceId));
    expect(history.latest('t')?.traceId).toBe('3');
    expect(history.clear('t')).toBe(2);
    expect([history.latest('t'), history.size]).toEqual([undefined, 0]);
  });

  it('clears nothing for an unknown thread id', () => {
    const history = new History(2, noDrops());
    history.add(...ended('a'));
    expect([history.clear('b'), history.clear('__proto__'), history.size]).toEqual([0, 0, 1]);
  });

  it.each(['__proto__', 'constructor', '', '🎭'])('finds the thread id %p and no other', (threadId) => {
    const history = new History(2, noDrops());
    expect(history.latest(threadId)).toBeUndefined();
    history.add(...ended(threadId));
    expect(history.latest(threadId)?.threadId).toBe(threadId);
  });

  it('does in any order of adding and clearing what a plain list would do', () => {
    const threadId = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: threadId }) },
      { weight: 1, arbitrary: fc.record({ clear: threadId }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 120 }), (limit, steps) => {
        const drops = noDrops();
        const history = new History(limit, drops);
        let model: TraceHeader[] = [];
        let evicted = 0;
        for (const [step, next] of steps.entries()) {
          if ('add' in next) {
            const [trace, root] = ended(next.add, String(step));
            history.add(trace, root);
            model.push(trace);
            if (model.length > limit) evicted += model.splice(0, 1).length;
          } else {
            const count = model.filter((trace) => trace.threadId === next.clear).length;
            expect(history.clear(next.clear)).toBe(count);
            model = model.filter((trace) => trace.threadId !== next.clear);
          }
          expect(history.size).toBe(model.length);
          for (const id of ['a', 'b', 'c', 'd']) {
            const expected = model.findLast((trace) => trace.threadId === id);
            expect(history.latest(id)?.traceId).toBe(expected?.traceId);
          }
        }
        expect(drops.historyTraces).toBe(evicted);
      }),
    );
  });
});
