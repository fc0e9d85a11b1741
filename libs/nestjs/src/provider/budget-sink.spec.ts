import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { Clock, StageExecution } from '@followspot/core';
import fc from 'fast-check';
import type { Budget, BudgetPassed } from './budget-options.js';
import { BudgetSink } from './budget-sink.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

class Wall implements Clock {
  constructor(public nowMs: number) {}
  now(): number {
    return this.nowMs;
  }
  wallNow(): number {
    return this.nowMs;
  }
}

class Budgeted {
  readonly wall: Wall;
  readonly errors: [place: string, error: unknown][] = [];
  readonly passed: BudgetPassed[] = [];
  readonly sink: BudgetSink;
  readonly started: Promise<void>;

  constructor(budget: Budget, startsAt = Date.UTC(2026, 10, 11), currency = 'USD') {
    this.wall = new Wall(startsAt);
    this.sink = new BudgetSink({ onPassed: (passed) => void this.passed.push(passed), ...budget }, currency);
    this.started = this.sink.start({
      clock: this.wall,
      reportInternalError: (place, error) => this.errors.push([place, error]),
    });
  }

  spend(attributes: StageExecution['attributes'] | number, kind = 'provider'): void {
    const costs = typeof attributes === 'number' ? { tokenCost: attributes } : attributes;
    this.sink.record({ kind, attributes: costs } as StageExecution);
  }
}

describe('A monthly budget', () => {
  it('tells what was spent, what remains and since when it counts', async () => {
    const budget = new Budgeted({ monthly: 100 });
    await budget.started;
    budget.spend({ tokenCost: 1.5, apiCost: 0.5, costCurrency: 'USD' });
    budget.spend({ apiCost: 0.25 });
    budget.spend(3, 'internal');
    expect(budget.sink.budget()).toEqual({
      month: '2026-11',
      currency: 'USD',
      monthly: 100,
      spent: 2.25,
      remaining: 97.75,
      countedSince: '2026-11-11T00:00:00.000Z',
      uncountedCalls: 0,
    });
  });

  it('adds any amounts exactly', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 13n }), { maxLength: 200 });
    fc.assert(
      fc.property(amounts, (given) => {
        const budget = new Budgeted({ monthly: 5_000 });
        for (const amount of given) budget.spend(Number(`${amount}e-12`));
        const sum = given.reduce((total, amount) => total + amount, 0n);
        const { spent, remaining } = budget.sink.budget();
        expect(spent).toBe(Number(`${sum}e-12`));
        expect(remaining).toBe(Number(`${5_000n * 10n ** 12n - sum}e-12`));
      }),
    );
  });

  it('is not passed by a rounding error', () => {
    expect(0.1 + 0.2).toBeGreaterThan(0.3);
    const budget = new Budgeted({ monthly: 0.3 });
    budget.spend(0.1);
    budget.spend(0.2);
    expect(budget.passed).toEqual([]);
    expect(budget.sink.budget().remaining).toBe(0);
    budget.spend(0.000_000_000_001);
    expect(budget.passed).toHaveLength(1);
  });

  it.each<[string, StageExecution['attributes']]>([
    ['nobody knows', {}],
    ['is in another currency', { tokenCost: 1, costCurrency: 'EUR' }],
    ['is no amount', { tokenCost: Number.NaN, apiCost: -1 }],
    ['is no amount of money', { tokenCost: 1e308 }],
  ])('leaves out a call whose cost %s, and says so', (_, attributes) => {
    const budget = new Budgeted({ monthly: 10 });
    budget.spend(attributes);
    expect(budget.sink.budget()).toMatchObject({ spent: 0, uncountedCalls: 1 });
  });
});

describe('A budget that is passed', () => {
  it('is told of once, however much is spent beyond', () => {
    const budget = new Budgeted({ monthly: 10 }, Date.UTC(2026, 10, 11), 'CHF');
    for (const amount of [6, 4, 0.5, 7]) budget.spend(amount);
    expect(budget.passed).toEqual([{ monthly: 10, spent: 10.5, month: '2026-11', currency: 'CHF' }]);
    expect(budget.sink.budget().remaining).toBe(-7.5);
  });

  it('is told of again in the next month, which begins with nothing spent', () => {
    const budget = new Budgeted({ monthly: 10 }, Date.UTC(2026, 11, 31, 23));
    budget.spend(11);
    budget.spend({});
    budget.wall.nowMs = Date.UTC(2027, 0, 1);
    expect(budget.sink.budget()).toMatchObject({
      month: '2027-01',
      spent: 0,
      remaining: 10,
      uncountedCalls: 0,
    });
    budget.spend(12);
    expect(budget.passed.map(({ month, spent }) => [month, spent])).toEqual([
      ['2026-12', 11],
      ['2027-01', 12],
    ]);
  });

  it('is told of outside of the request that passed it', () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const budget = new Budgeted({ monthly: 1, onPassed: () => void seen.push(context.getStore()) });
    context.run('a request', () => {
      budget.spend(2);
    });
    expect(seen).toEqual([undefined]);
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('no mail');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no mail'))],
  ])('whose callback %s disturbs nobody, and the error is counted', async (_, onPassed) => {
    const budget = new Budgeted({ monthly: 1, onPassed });
    budget.spend(2);
    budget.spend(2);
    await Promise.resolve();
    expect(budget.errors).toEqual([['provider.budget.onPassed', new Error('no mail')]]);
    expect(budget.sink.budget().spent).toBe(4);
  });

  it('needs nobody who is told', () => {
    const sink = new BudgetSink({ monthly: 1 }, 'USD');
    sink.record({ kind: 'provider', attributes: { tokenCost: 2 } } as never);
    expect(sink.budget().remaining).toBe(-1);
  });
});

describe('A restart', () => {
  it.each<[string, Budget['spent']]>([
    ['an amount', 90],
    ['a function', () => 90],
    ['a function that takes its time', () => Promise.resolve(90)],
  ])('does not forget what was spent before, which is given as %s', async (_, spent) => {
    const budget = new Budgeted({ monthly: 100, spent: spent! });
    await budget.started;
    expect(budget.sink.budget()).toMatchObject({ spent: 90, countedSince: '2026-11-01T00:00:00.000Z' });
    budget.spend(11);
    expect(budget.passed).toEqual([{ monthly: 100, spent: 101, month: '2026-11', currency: 'USD' }]);
  });

  it('asks for the month that is running', async () => {
    const months: string[] = [];
    const budget = new Budgeted({
      monthly: 100,
      spent: (month) => {
        months.push(month);
        return 0;
      },
    });
    await budget.started;
    expect(months).toEqual(['2026-11']);
  });

  it('after the budget had been passed tells so at once, because the process knows nothing of it', async () => {
    const budget = new Budgeted({ monthly: 100, spent: 120 });
    await budget.started;
    budget.spend(1);
    expect(budget.passed).toEqual([{ monthly: 100, spent: 120, month: '2026-11', currency: 'USD' }]);
  });

  it('of which nobody says what was spent before counts from the start, and says so', async () => {
    const failing = { throws: () => Promise.reject(new Error('no database')), lies: () => Number.NaN };
    for (const spent of Object.values(failing)) {
      const budget = new Budgeted({ monthly: 100, spent });
      budget.spend(1);
      await budget.started;
      expect(budget.errors.map(([place]) => place)).toEqual(['provider.budget.spent']);
      expect(budget.sink.budget()).toMatchObject({ spent: 1, countedSince: '2026-11-11T00:00:00.000Z' });
    }
  });

  it('that hears of last month only in this one leaves that out', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const budget = new Budgeted({ monthly: 100, spent: () => promise }, Date.UTC(2026, 10, 30, 23));
    budget.wall.nowMs = Date.UTC(2026, 11, 1);
    resolve(80);
    await budget.started;
    expect(budget.sink.budget()).toMatchObject({ month: '2026-12', spent: 0 });
  });
});

describe('The forecast', () => {
  it('goes on as it went since it counts; where the month is known, since the first of it', async () => {
    const young = new Budgeted({ monthly: 100 });
    const whole = new Budgeted({ monthly: 100, spent: 20 });
    await Promise.all([young.started, whole.started]);
    for (const budget of [young, whole]) {
      budget.spend(10);
      budget.wall.nowMs += 5 * DAY;
    }
    // 10 in 5 days, and 15 to go; 30 in 15 days, and 15 to go.
    expect(young.sink.budget().forecast).toBe(40);
    expect(whole.sink.budget().forecast).toBe(60);
  });

  it('is not made of less than an hour', () => {
    const budget = new Budgeted({ monthly: 100 });
    budget.spend(1);
    budget.wall.nowMs += HOUR - 1;
    expect(budget.sink.budget()).not.toHaveProperty('forecast');
    budget.wall.nowMs += 1;
    // The rest of the month has 479 hours.
    expect(budget.sink.budget().forecast).toBe(480);
  });

  it('of a month that began while the process ran is of the whole month', () => {
    const budget = new Budgeted({ monthly: 100 }, Date.UTC(2026, 9, 31));
    budget.wall.nowMs = Date.UTC(2026, 10, 2);
    budget.spend(1);
    expect(budget.sink.budget()).toMatchObject({ countedSince: '2026-11-01T00:00:00.000Z', forecast: 30 });
  });

  it('without any cost is nothing, and at the end of the month what was spent', () => {
    const budget = new Budgeted({ monthly: 100 });
    budget.wall.nowMs += DAY;
    expect(budget.sink.budget().forecast).toBe(0);
    budget.spend(7);
    budget.wall.nowMs = Date.UTC(2026, 11, 1) - 1;
    expect(budget.sink.budget().forecast).toBeCloseTo(7, 6);
  });
});

describe('A clock that is put right', () => {
  it('by a little after midnight of the first does not bring the old month back', () => {
    const budget = new Budgeted({ monthly: 100 }, Date.UTC(2026, 11, 1));
    budget.spend(5);
    budget.wall.nowMs -= 1_000;
    budget.spend(1);
    expect(budget.sink.budget()).toMatchObject({ month: '2026-12', spent: 6 });
    expect(budget.sink.budget()).not.toHaveProperty('forecast');
  });

  it('by years counts anew', () => {
    const budget = new Budgeted({ monthly: 100 }, Date.UTC(2099, 0, 5));
    budget.spend(5);
    budget.wall.nowMs = Date.UTC(2026, 10, 21);
    expect(budget.sink.budget()).toMatchObject({
      month: '2026-11',
      spent: 0,
      countedSince: '2026-11-21T00:00:00.000Z',
    });
  });
});
