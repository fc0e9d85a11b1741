import { describe, expect, it } from '@jest/globals';
import {
  asapScheduler,
  bufferTime,
  concatMap,
  debounceTime,
  delay,
  finalize,
  map,
  Observable,
  observeOn,
  of,
  type OperatorFunction,
  share,
  shareReplay,
  Subject,
  take,
  tap,
  timer,
} from 'rxjs';
import { TrackStage } from '@followspot/core';
import { here, TracedEngine } from '../testing/traced.js';

class Service {
  @TrackStage('WORK')
  work<T>(make: () => T): T {
    return make();
  }
}

const service = new Service();

/** Resolves with what `stream` emits; `where` each value was received is noted with it. */
function received<T>(stream: Observable<T>): Promise<[value: T, where: string][]> {
  const values: [T, string][] = [];
  return new Promise((resolve, reject) => {
    stream.subscribe({
      next: (value) => values.push([value, here()]),
      error: reject,
      complete: () => {
        resolve(values);
      },
    });
  });
}

describe('The context', () => {
  it('above the tracked method is the stage, and below it the subscriber', async () => {
    const engine = new TracedEngine();
    const above: string[] = [];
    const { result } = engine.trace('a', () =>
      received(service.work(() => timer(1).pipe(tap(() => above.push(here())))).pipe(map(() => here()))),
    );
    expect(await result).toEqual([['a/ROOT', 'a/ROOT']]);
    expect(above).toEqual(['a/WORK']);
  });

  it('of a stage below is not the stage above: siblings stay siblings', async () => {
    const engine = new TracedEngine();
    const { result, end } = engine.trace('a', () =>
      received(
        service
          .work(() => timer(1))
          .pipe(concatMap(() => engine.tracker.trackStage('NEXT', () => of(1).pipe(delay(1))))),
      ),
    );
    await result;
    end();
    await new Promise(setImmediate);
    const [tree] = engine.tracker.getExecutionSummary('a')!.stages;
    expect(tree!.substages.map((stage) => stage.stageId)).toEqual(['WORK', 'NEXT']);
  });

  it('of the completion and of an error is the subscriber', async () => {
    const engine = new TracedEngine();
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    engine.trace('a', () => {
      service.work(() => timer(1)).subscribe({ complete: () => seen.push(here()) });
      service
        .work(() =>
          timer(2).pipe(
            map(() => {
              throw new Error();
            }),
          ),
        )
        .subscribe({
          error: () => {
            seen.push(here());
            resolve(undefined);
          },
        });
    });
    await promise;
    expect(seen).toEqual(['a/ROOT', 'a/ROOT']);
  });

  it('of the teardown is the stage, even where whoever unsubscribes is in no trace', () => {
    const engine = new TracedEngine();
    const seen: string[] = [];
    const { result } = engine.trace('a', () =>
      service.work(() => timer(1_000).pipe(finalize(() => seen.push(here())))).subscribe(),
    );
    expect(here()).toBe('nowhere');
    result.unsubscribe();
    expect(seen).toEqual(['a/WORK']);
  });

  it('of everything that a source has added to its subscriber is the stage, in order and once', () => {
    const engine = new TracedEngine();
    const seen: string[] = [];
    const source = new Observable<never>((subscriber) => {
      for (const name of ['first', 'second', 'third']) {
        subscriber.add(() => {
          seen.push(`${name} in ${here()}`);
        });
      }
    });
    const { result } = engine.trace('a', () => service.work(() => source).subscribe());
    result.unsubscribe();
    result.unsubscribe();
    expect(seen).toEqual(['first in a/WORK', 'second in a/WORK', 'third in a/WORK']);
  });

  it('outside of every trace stays outside', async () => {
    const engine = new TracedEngine();
    const { result } = engine.trace('a', () => service.work(() => timer(1)));
    expect(await received(result.pipe(map(() => here())))).toEqual([['nowhere', 'nowhere']]);
  });
});

describe('A source that two traces share', () => {
  it.each<[string, OperatorFunction<string, string>]>([
    ['share', share()],
    ['shareReplay', shareReplay({ bufferSize: 5, refCount: true })],
  ])('by %s gives each its values in its own context', async (_, sharing) => {
    const engine = new TracedEngine();
    const shared = timer(2, 2).pipe(
      take(3),
      map((n) => String(n)),
      sharing,
    );
    const both = ['a', 'b'].map(
      (id) => engine.trace(id, () => received(service.work(() => shared).pipe(map(() => here())))).result,
    );
    const [a, b] = await Promise.all(both);
    expect(new Set(a!.flat())).toEqual(new Set(['a/ROOT']));
    expect(new Set(b!.flat())).toEqual(new Set(['b/ROOT']));
    expect(a).toHaveLength(3);
    expect(b).toHaveLength(3);
  });

  it.each<[string, OperatorFunction<string, unknown>]>([
    ['concatMap', concatMap((value) => of(value).pipe(delay(3)))],
    ['debounceTime', debounceTime(2)],
    ['bufferTime', bufferTime(2)],
    ['observeOn', observeOn(asapScheduler)],
  ])('by a Subject and %s gives each its values in its own context', async (_, operator) => {
    const engine = new TracedEngine();
    const subject = new Subject<string>();
    const queue = subject.pipe(operator, share());
    const both = ['a', 'b'].map(
      (id) => engine.trace(id, () => received(service.work(() => queue).pipe(map(() => here())))).result,
    );
    engine.trace('producer', () => {
      subject.next('1');
    });
    subject.next('2');
    subject.complete();
    const [a, b] = await Promise.all(both);
    expect(new Set(a!.flat())).toEqual(new Set(['a/ROOT']));
    expect(new Set(b!.flat())).toEqual(new Set(['b/ROOT']));
  });

  it('ends each stage when its own subscriber leaves', () => {
    const engine = new TracedEngine();
    const shared = new Observable<number>(() => {}).pipe(share());
    const [a, b] = ['a', 'b'].map(
      (id) => engine.trace(id, () => service.work(() => shared).subscribe()).result,
    );
    b!.unsubscribe();
    expect(engine.sink.stages.map(({ trace }) => trace.traceId)).toEqual(['b']);
    a!.unsubscribe();
    expect(engine.sink.stages.map(({ trace }) => trace.traceId)).toEqual(['b', 'a']);
  });
});
