import { describe, expect, it } from '@jest/globals';
import {
  BehaviorSubject,
  type Connectable,
  connectable,
  delay,
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  NEVER,
  Observable,
  type Observer,
  of,
  range,
  Subject,
  take,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { TrackStage } from '@followspot/core';
import { TracedEngine } from '../testing/traced.js';

/** Returns what it is given, as a tracked method. */
class Service {
  @TrackStage('WORK')
  work<T>(make: () => T): T {
    return make();
  }
}

const service = new Service();
const failure = new Error('broken');

describe('A tracked method that returns an Observable', () => {
  it('is one stage from the subscription to the completion, with the values unchanged', async () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () =>
      lastValueFrom(service.work(() => of(1, 2, 3)).pipe(toArray())),
    );
    expect(await result).toEqual([1, 2, 3]);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok', kind: 'internal' }]);
  });

  it('has the outcome error when the stream fails, and the subscriber gets the very same error', async () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => firstValueFrom(service.work(() => throwError(() => failure))));
    await expect(result).rejects.toBe(failure);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'error', errorMessage: 'broken' }]);
  });

  it.each([
    ['undefined', undefined],
    ['a string', 'text'],
    ['null', null],
    ['a frozen error', Object.freeze(new Error('x'))],
  ])('passes on %s as error', async (_, thrown) => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => firstValueFrom(service.work(() => throwError(() => thrown))));
    await expect(result).rejects.toBe(thrown);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'error' }]);
  });

  it('is cancelled when the subscriber leaves', () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => service.work(() => NEVER).subscribe());
    expect(engine.ended('WORK')).toEqual([]);
    result.unsubscribe();
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'cancelled', success: true }]);
  });

  it('leaves no stage when nobody subscribes', async () => {
    const engine = new TracedEngine();
    engine.trace('a', () => service.work(() => of(1))).end();
    await new Promise(setImmediate);
    expect(engine.ended('WORK')).toEqual([]);
    expect(engine.tracker.getExecutionSummary('a')).toMatchObject({ stageCount: 1, outcome: 'ok' });
  });

  it('is a stage for each subscription', () => {
    const engine = new TracedEngine();
    engine.trace('a', () => {
      const stream = service.work(() => of(1));
      stream.subscribe();
      stream.subscribe();
    });
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
  });

  it('does not count the time between the call and the subscription', async () => {
    const engine = new TracedEngine();
    const { result, inside } = engine.trace('a', () => service.work(() => of(1)));
    await firstValueFrom(timer(60));
    inside(() => result.subscribe());
    expect(engine.ended('WORK')[0]!.durationMs).toBeLessThan(30);
  });

  it('counts the time in which the stream runs', async () => {
    const engine = new TracedEngine();
    await engine.trace('a', () => lastValueFrom(service.work(() => of(1).pipe(delay(40))))).result;
    expect(engine.ended('WORK')[0]!.durationMs).toBeGreaterThan(35);
  });

  it('completes at once for an empty stream', () => {
    const engine = new TracedEngine();
    engine.trace('a', () => service.work(() => EMPTY).subscribe());
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('follows an Observable that comes out of a promise', async () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => service.work(() => Promise.resolve(of(1, 2).pipe(delay(5)))));
    const stream = await result;
    expect(engine.ended('WORK')).toEqual([]);
    expect(await lastValueFrom(stream)).toBe(2);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('outside every trace is the Observable itself', () => {
    const stream = of(1);
    expect(service.work(() => stream)).toBe(stream);
  });
});

describe('A source that emits synchronously', () => {
  it('is stopped by take(3) before it produces a fourth value', () => {
    const engine = new TracedEngine();
    let produced = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next((produced += 1));
    });
    const values: number[] = [];
    engine.trace('a', () =>
      service
        .work(() => endless)
        .pipe(take(3))
        .subscribe((value) => values.push(value)),
    );
    expect(values).toEqual([1, 2, 3]);
    expect(produced).toBe(3);
    expect(engine.ended('WORK')).toHaveLength(1);
  });

  it('may emit 100,000 values', () => {
    const engine = new TracedEngine();
    let count = 0;
    engine.trace('a', () => service.work(() => range(0, 100_000)).subscribe(() => (count += 1)));
    expect(count).toBe(100_000);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });
});

describe('A source with faults', () => {
  it('that throws while it is subscribed to has the outcome error', async () => {
    const engine = new TracedEngine();
    const faulty = new Observable<number>(() => {
      throw failure;
    });
    const { result } = engine.trace('a', () => firstValueFrom(service.work(() => faulty)));
    await expect(result).rejects.toBe(failure);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'error' }]);
  });

  it('that throws in its teardown ends its stage, and the error reaches whoever unsubscribed', () => {
    const engine = new TracedEngine();
    const faulty = new Observable<number>(() => () => {
      throw failure;
    });
    const { result } = engine.trace('a', () => service.work(() => faulty).subscribe());
    expect(() => {
      result.unsubscribe();
    }).toThrow('broken');
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it('that emits, fails and completes after its end is recorded once', () => {
    const engine = new TracedEngine();
    const rude = new Observable<number>((subscriber) => {
      subscriber.complete();
      subscriber.next(1);
      subscriber.error(failure);
      subscriber.complete();
    });
    engine.trace('a', () => service.work(() => rude).subscribe());
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });
});

describe('A subclass of Observable', () => {
  it('stays what it is: a BehaviorSubject keeps value, next and instanceof', () => {
    const engine = new TracedEngine();
    const original = new BehaviorSubject(1);
    const seen: number[] = [];
    engine.trace('a', () => {
      const subject = service.work(() => original);
      expect(subject).toBeInstanceOf(BehaviorSubject);
      subject.subscribe((value) => seen.push(value));
      subject.next(2);
      expect(subject.value).toBe(2);
      expect(subject.observed).toBe(true);
      subject.complete();
    });
    expect(seen).toEqual([1, 2]);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('is not changed: whoever holds the original sees no stage', () => {
    const engine = new TracedEngine();
    const original = new Subject<number>();
    const keys = Reflect.ownKeys(original);
    engine.trace('a', () => service.work(() => original));
    original.subscribe().unsubscribe();
    expect(Reflect.ownKeys(original)).toEqual(keys);
    expect(engine.ended('WORK')).toEqual([]);
  });

  it('may have private fields, also behind a setter', () => {
    const engine = new TracedEngine();
    class Gauge extends Subject<number> {
      #level = 0;
      get level(): number {
        return this.#level;
      }
      set level(level: number) {
        this.#level = level;
        this.next(level);
      }
    }
    const seen: number[] = [];
    engine.trace('a', () => {
      const gauge = service.work(() => new Gauge());
      gauge.subscribe((value) => seen.push(value));
      gauge.level = 7;
      expect(gauge.level).toBe(7);
    });
    expect(seen).toEqual([7]);
  });

  it('can still be connected', () => {
    const engine = new TracedEngine();
    const seen: number[] = [];
    engine.trace('a', () => {
      const shared: Connectable<number> = service.work(() => connectable(of(1, 2)));
      shared.subscribe((value) => seen.push(value));
      expect(seen).toEqual([]);
      shared.connect();
    });
    expect(seen).toEqual([1, 2]);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });
});

describe('Another copy of RxJS', () => {
  /** An Observable of another copy: not an instance of ours, known by its methods. */
  class ForeignObservable<T> {
    constructor(private readonly inner: Observable<T>) {}
    lift = (): never => {
      throw new Error('must not be called');
    };
    subscribe(observer: Partial<Observer<T>> | ((value: T) => void)): unknown {
      return this.inner.subscribe(observer as Observer<T>);
    }
    ['@@observable'](): this {
      return this;
    }
  }

  it('is followed as well', () => {
    const engine = new TracedEngine();
    const seen: number[] = [];
    engine.trace('a', () => {
      const foreign = service.work(() => new ForeignObservable(of(1, 2)));
      expect(foreign).toBeInstanceOf(ForeignObservable);
      foreign.subscribe((value) => seen.push(value));
    });
    expect(seen).toEqual([1, 2]);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });

  it('is followed when it is turned into an Observable of ours', async () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => {
      const foreign: unknown = service.work(() => new ForeignObservable(of(1)));
      return lastValueFrom(from(foreign as Observable<number>));
    });
    expect(await result).toBe(1);
    expect(engine.ended('WORK')).toMatchObject([{ outcome: 'ok' }]);
  });
});
