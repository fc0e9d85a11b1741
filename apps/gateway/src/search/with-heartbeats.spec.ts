import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import { NEVER, Subject, type Subscription } from 'rxjs';
import { withHeartbeats } from './with-heartbeats.js';

describe('withHeartbeats', () => {
  let source: Subject<MessageEvent>;
  let received: (MessageEvent | string)[];
  let subscription: Subscription;

  beforeEach(() => {
    jest.useFakeTimers();
    source = new Subject();
    received = [];
    subscription = source.pipe(withHeartbeats(100)).subscribe({
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
    NEVER.pipe(withHeartbeats(100)).subscribe().unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
  });
});
