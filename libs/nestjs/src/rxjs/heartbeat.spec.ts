import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import { NEVER, Observable, Subject, type Subscription, take } from 'rxjs';
import { heartbeat } from './heartbeat.js';

describe('heartbeat', () => {
  let source: Subject<MessageEvent>;
  let received: (MessageEvent | string)[];
  let subscription: Subscription;

  beforeEach(() => {
    jest.useFakeTimers();
    source = new Subject();
    received = [];
    subscription = source.pipe(heartbeat(100)).subscribe({
      next: (message) => received.push(message),
      error: (error: unknown) => received.push(String(error)),
      complete: () => received.push('complete'),
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const HEARTBEAT = { comment: 'heartbeat' };

  it('sends a comment after each silence', () => {
    jest.advanceTimersByTime(250);
    expect(received).toEqual([HEARTBEAT, HEARTBEAT]);
  });

  it('sends none while the source speaks', () => {
    for (let turn = 0; turn < 5; turn += 1) {
      jest.advanceTimersByTime(90);
      source.next({ data: 'x' });
    }
    expect(received).not.toContainEqual(HEARTBEAT);
  });

  const EVENT: MessageEvent = { data: 'x' };

  it('hands an event over at once', () => {
    source.next(EVENT);
    expect(received).toEqual([EVENT]);
  });

  it.each([
    ['just before a heartbeat would be due, in place of it', ['source', 'heartbeat'], [EVENT]],
    ['just after a heartbeat', ['heartbeat', 'source'], [HEARTBEAT, EVENT]],
  ])('hands an event over at once that comes in the same tick, %s', (_, order, expected) => {
    subscription.unsubscribe();
    const start = {
      source: () =>
        setTimeout(() => {
          source.next(EVENT);
          expect(received.at(-1)).toBe(EVENT);
        }, 100),
      heartbeat: () => source.pipe(heartbeat(100)).subscribe((message) => received.push(message)),
    };
    for (const first of order) start[first as keyof typeof start]();
    jest.advanceTimersByTime(100);
    expect(received).toEqual(expected);
  });

  it.each([
    ['completes', () => source.complete(), ['complete']],
    ['fails', () => source.error(new Error('broken')), ['Error: broken']],
    ['is left', () => subscription.unsubscribe(), []],
  ])('sends none after the source %s', (_, end, expected) => {
    end();
    jest.advanceTimersByTime(1_000);
    expect(received).toEqual(expected);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves the source when it is left', () => {
    expect(source.observed).toBe(true);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
    NEVER.pipe(heartbeat(100)).subscribe().unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('hands over an endless synchronous source only as far as it is wanted', () => {
    let produced = 0;
    const endless = new Observable<MessageEvent>((subscriber) => {
      while (!subscriber.closed) subscriber.next({ data: String((produced += 1)) });
    });
    endless.pipe(heartbeat(100), take(3)).subscribe();
    expect(produced).toBe(3);
  });

  it.each([0, -1, Number.NaN, 2 ** 31, '5'])('refuses an interval of %p', (interval) => {
    expect(() => heartbeat(interval as number)).toThrow(/heartbeat interval must be from 1 to .* ms, got/);
  });
});
