import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { ExecutionTracker } from '@followspot/nestjs';
import { NEVER, type Observer, Subject } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { LeaderLeft, SharedAnswerFailed } from './flight-errors.js';
import { Flights } from './flights.service.js';

function flightsOf(environment: Record<string, string> = {}): Flights<string> {
  const tracker = { traceId: 'leader', setAttribute: jest.fn() } as unknown as ExecutionTracker;
  return new Flights(new GatewayConfig(environment), tracker);
}

/** What somebody who listens was told, the end included. */
class Listener implements Observer<string> {
  readonly told: unknown[] = [];
  next = (event: string): void => {
    this.told.push(event);
  };
  error = (error: unknown): void => {
    this.told.push(error);
  };
  complete = (): void => {
    this.told.push('complete');
  };
}

function follower(flights: Flights<string>, key = 'q'): Listener {
  const listener = new Listener();
  const flight = flights.lookup(key);
  if (flight === undefined) throw new Error('there is nothing to join');
  flights.follow(flight).subscribe(listener);
  return listener;
}

describe('An answer under way', () => {
  it('is told to all who join, from its beginning and in the same turn', () => {
    const flights = flightsOf();
    const work = new Subject<string>();
    const leader = new Listener();
    flights.lead('q', work).subscribe(leader);
    const first = follower(flights);
    work.next('a');
    const second = follower(flights);
    work.next('b');
    work.complete();
    for (const { told } of [leader, first, second]) expect(told).toEqual(['a', 'b', 'complete']);
  });

  it('can be joined from its start to its end, and not by who asks something else', () => {
    const flights = flightsOf();
    const work = new Subject<string>();
    expect(flights.lookup('q')).toBeUndefined();
    flights.lead('q', work).subscribe();
    expect(flights.lookup('q')?.traceId).toBe('leader');
    expect(flights.lookup('other')).toBeUndefined();
    work.complete();
    expect(flights.lookup('q')).toBeUndefined();
    expect(flights.size).toBe(0);
  });

  it('that is taken while it ends goes to its end', () => {
    const flights = flightsOf();
    const work = new Subject<string>();
    flights.lead('q', work).subscribe();
    const flight = flights.lookup('q')!;
    work.next('a');
    work.complete();
    const late = new Listener();
    flights.follow(flight).subscribe(late);
    expect(late.told).toEqual(['a', 'complete']);
  });

  it('ends with its leader, and that is told to the others', () => {
    const flights = flightsOf();
    const work = new Subject<string>();
    const leading = flights.lead('q', work).subscribe();
    const { told } = follower(flights);
    work.next('a');
    leading.unsubscribe();
    expect(work.observed).toBe(false);
    expect(told).toEqual(['a', new LeaderLeft('leader')]);
    expect(flights.size).toBe(0);
  });

  it('that fails fails for everybody, for the others with another error that names it', () => {
    const flights = flightsOf();
    const work = new Subject<string>();
    const leader = new Listener();
    flights.lead('q', work).subscribe(leader);
    const { told } = follower(flights);
    const failure = new Error('429');
    work.error(failure);
    expect(leader.told).toEqual([failure]);
    expect(told[0]).toBeInstanceOf(SharedAnswerFailed);
    expect((told[0] as Error).cause).toBe(failure);
    expect(flights.size).toBe(0);
  });

  it('does not end because somebody who listens leaves', () => {
    const flights = flightsOf();
    const leader = new Listener();
    const work = new Subject<string>();
    flights.lead('q', work).subscribe(leader);
    const follower = flights.follow(flights.lookup('q')!).subscribe();
    follower.unsubscribe();
    work.next('a');
    expect(leader.told).toEqual(['a']);
  });

  it('is heard by each in its own context, whoever speaks', () => {
    const context = new AsyncLocalStorage<string>();
    const flights = flightsOf();
    const work = new Subject<string>();
    const heard: unknown[] = [];
    const hear = (): void => {
      heard.push(context.getStore());
    };
    const leading = context.run('leader', () => flights.lead('q', work).subscribe({ error: hear }));
    context.run('follower', () =>
      flights.follow(flights.lookup('q')!).subscribe({ next: hear, error: hear }),
    );
    context.run('leader', () => work.next('a'));
    context.run('nobody', () => {
      leading.unsubscribe();
    });
    expect(heard).toEqual(['follower', 'follower']);
  });

  it('of which too much was told is worked out again for who comes late, which is warned of once', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const flights = flightsOf({ FLIGHT_EVENTS: '2' });
    const work = new Subject<string>();
    const early = flights.lead('q', work).subscribe();
    work.next('a');
    work.next('b');
    const aboard = follower(flights);
    work.next('c');
    expect([flights.lookup('q'), flights.lookup('q')]).toEqual([undefined, undefined]);
    expect(flights.missed).toBe(2);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('FLIGHT_EVENTS=2')]]);
    warn.mockRestore();
    // Another leads from here on; the end of the first changes nothing of that.
    flights.lead('q', NEVER).subscribe();
    expect(aboard.told).toEqual(['a', 'b', 'c']);
    early.unsubscribe();
    expect(flights.lookup('q')).toBeDefined();
  });
});
