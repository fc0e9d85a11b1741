import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { currentStage } from '../context/context.js';
import { type Letter, MOST_LETTERS, Outbox } from './outbox.js';
import type { Sink } from './sink.js';
import { Tracking } from '../testing/tracking.js';

function failing(error: unknown): never {
  throw error;
}

/** An outbox for words, and what was delivered of it. */
function wordBox(onError: (error: unknown) => void = failing): {
  outbox: Outbox;
  delivered: string[];
  letter: (word: string) => Letter;
} {
  const delivered: string[] = [];
  return {
    outbox: new Outbox(onError),
    delivered,
    letter: (word) => ({ deliver: () => void delivered.push(word) }),
  };
}

describe('an outbox', () => {
  it('delivers in order, in the turn in which it was filled, and not before', async () => {
    const { outbox, delivered, letter } = wordBox();
    for (const word of ['a', 'b', 'c']) outbox.add(letter(word));
    await Promise.resolve();
    expect(delivered).toEqual([]);
    await nextTurn();
    expect(delivered).toEqual(['a', 'b', 'c']);
    outbox.add(letter('d'));
    await nextTurn();
    expect(delivered).toEqual(['a', 'b', 'c', 'd']);
  });

  it('delivers at once when it is emptied, once', async () => {
    const { outbox, delivered, letter } = wordBox();
    outbox.add(letter('a'));
    outbox.empty();
    expect(delivered).toEqual(['a']);
    await nextTurn();
    expect(delivered).toEqual(['a']);
  });

  it('holds no more than its bound in a turn that does not end', () => {
    const { outbox, delivered, letter } = wordBox();
    for (let count = 1; count < MOST_LETTERS; count += 1) outbox.add(letter('a'));
    expect(delivered).toHaveLength(0);
    outbox.add(letter('a'));
    expect(delivered).toHaveLength(MOST_LETTERS);
  });

  it('delivers what a letter adds after all others, and is not emptied from within', () => {
    const { outbox, delivered, letter } = wordBox();
    outbox.add({
      deliver: () => {
        outbox.add(letter('added'));
        outbox.empty();
        delivered.push('first');
      },
    });
    outbox.add(letter('second'));
    outbox.empty();
    expect(delivered).toEqual(['first', 'second', 'added']);
  });

  it('loses nothing by a letter that throws', () => {
    const errors: unknown[] = [];
    const { outbox, delivered, letter } = wordBox((error) => errors.push(error));
    outbox.add({ deliver: () => failing('torn') });
    outbox.add(letter('whole'));
    outbox.empty();
    expect(delivered).toEqual(['whole']);
    expect(errors).toEqual(['torn']);
  });

  it('delivers in no context of those who filled or emptied it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const outbox = new Outbox(failing);
    const letter: Letter = { deliver: () => void seen.push(storage.getStore()) };
    storage.run('request', () => {
      outbox.add(letter);
    });
    await nextTurn();
    outbox.add(letter);
    storage.run('reader', () => {
      outbox.empty();
    });
    expect(seen).toEqual([undefined, undefined]);
  });

  it('can be filled again in the turn in which it was emptied', async () => {
    const { outbox, delivered, letter } = wordBox();
    outbox.add(letter('a'));
    outbox.empty();
    outbox.add(letter('b'));
    await nextTurn();
    expect(delivered).toEqual(['a', 'b']);
  });

  it('is delivered where the timers of the process are faked', async () => {
    const { outbox, delivered, letter } = wordBox();
    jest.useFakeTimers();
    try {
      outbox.add(letter('a'));
    } finally {
      jest.useRealTimers();
    }
    await nextTurn();
    expect(delivered).toEqual(['a']);
  });
});

describe('what has ended', () => {
  it('reaches the sinks when the turn is over, outside of every trace', async () => {
    const told: [string, unknown][] = [];
    const sink: Sink = {
      name: 'told',
      scope: 'all',
      record: ({ stageId }) => void told.push([stageId, currentStage()]),
    };
    const tracking = new Tracking({ sinks: [sink] });
    tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    expect(told).toEqual([]);
    await nextTurn();
    expect(told).toEqual([
      ['A', undefined],
      ['ROOT', undefined],
    ]);
  });

  it('is there for whoever asks in the same turn', () => {
    const { tracker } = new Tracking();
    tracker.runTrace('JOB', () => tracker.trackStage('A', () => 1), { threadId: 'thread' });
    expect(tracker.getStageStatistics('A')?.executionCount).toBe(1);
    expect(tracker.getExecutionSummary('thread')?.stageCount).toBe(2);
    expect(tracker.clearThreadData('thread')).toBe(1);
  });

  it('reaches the sinks before they are closed', async () => {
    const { recorder, kept, tracker } = new Tracking();
    tracker.runTrace('JOB', () => 1);
    await recorder.close();
    expect(kept.stageIds).toEqual(['JOB']);
    expect(kept.closeCount).toBe(1);
  });
});
