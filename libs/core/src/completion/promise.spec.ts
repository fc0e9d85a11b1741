import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';
import { unhandledRejectionsOf } from '../testing/unhandled-rejections.js';

const failure = Object.freeze(new Error('rejected'));

class Cancellable<T> extends Promise<T> {
  readonly createdBy = 'constructor';
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
  }
}

class Sealed<T> extends Promise<T> {
  constructor(executor: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void) {
    super(executor);
    void Object.defineProperty(this, 'id', { value: Math.random() });
  }
}

/** Cannot be derived from, because `then` makes its result with a constructor that ignores the executor. */
class Unruly extends Promise<string> {
  constructor() {
    super((resolve) => resolve('done'));
  }
}

describe('a stage whose work returns a promise', () => {
  it('lasts until it resolves, with stages on both sides of an await below it', async () => {
    const tracking = new Tracking();
    const value = { a: 1 };
    const result = await tracking.run(() =>
      tracking.tracker.trackStage('A', async () => {
        tracking.tracker.trackStage('A1', () => tracking.clock.advance(1));
        await Promise.resolve();
        tracking.clock.advance(5);
        await tracking.tracker.trackStage('A2', async () => {
          tracking.clock.advance(2);
        });
        return value;
      }),
    );
    expect(result).toBe(value);
    expect(tracking.tree).toBe('ROOT(A(A1 A2))');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 8, selfTimeMs: 5 });
  });

  it.each<[string, unknown]>([
    ['a frozen error', failure],
    ['undefined', undefined],
    ['a string', 'text'],
  ])('fails when it rejects, with the very same reason: %s', async (_, reason) => {
    const tracking = new Tracking();
    let caught: unknown = 'nothing';
    await tracking.run(async () => {
      try {
        await tracking.tracker.trackStage('A', async () => {
          await Promise.resolve();
          tracking.clock.advance(5);
          throw reason;
        });
      } catch (error) {
        caught = error;
      }
    });
    expect(Object.is(caught, reason)).toBe(true);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', durationMs: 5 });
    expect(tracking.root.outcome).toBe('ok');
  });

  it('gives back a subclass as that subclass, with methods and own properties', async () => {
    const tracking = new Tracking();
    const tag = Symbol('tag');
    const promise = Object.assign(Cancellable.resolve('value') as Cancellable<string>, {
      requestId: 7,
      [tag]: 'own',
    });
    await tracking.run(() => {
      const result = tracking.tracker.trackStage('A', () => promise);
      expect(result).toBeInstanceOf(Cancellable);
      expect(result).toMatchObject({ requestId: 7, [tag]: 'own', createdBy: 'constructor' });
      result.cancel();
      expect(result.isCancelled).toBe(true);
      return result.then((value) => {
        expect(value).toBe('value');
      });
    });
    expect(tracking.stage('A').outcome).toBe('ok');
  });

  it('copes with a subclass whose own properties cannot be defined again', async () => {
    const tracking = new Tracking();
    const promise = Sealed.resolve('value');
    const result = tracking.run(() => tracking.tracker.trackStage('A', () => promise));
    expect(result).toBeInstanceOf(Sealed);
    await expect(result).resolves.toBe('value');
    expect(tracking.recorder.drops.internalErrors).toBe(0);
  });

  it('gives back the original when its class cannot be derived from, and counts that', () => {
    const tracking = new Tracking();
    const promise = new Unruly();
    expect(() => promise.then()).toThrow(TypeError);
    expect(tracking.run(() => tracking.tracker.trackStage('A', () => promise))).toBe(promise);
    expect(tracking.stage('A').outcome).toBe('ok');
    expect(tracking.recorder.drops.internalErrors).toBe(2);
  });

  it('follows a promise of another realm, which stays one of that realm', async () => {
    const tracking = new Tracking();
    const realm = { resolve: undefined as unknown as (value: string) => void, OtherPromise: Promise };
    const promise = runInNewContext(
      'OtherPromise = Promise; new Promise((r) => { resolve = r; })',
      realm,
    ) as Promise<string>;
    expect(promise).not.toBeInstanceOf(Promise);
    await tracking.run(async () => {
      const result = tracking.tracker.trackStage('A', () => promise);
      expect(result).toBeInstanceOf(realm.OtherPromise);
      tracking.clock.advance(5);
      realm.resolve('far');
      expect(await result).toBe('far');
    });
    expect(tracking.stage('A').durationMs).toBe(5);
  });

  it.each<[string, PropertyDescriptor]>([
    [
      'overridden',
      {
        value: () => {
          throw new Error('executed');
        },
      },
    ],
    [
      'a getter that throws',
      {
        get: () => {
          throw new Error('read');
        },
      },
    ],
    ['no function', { value: undefined }],
  ])('leaves a promise alone whose then is %s', (_, then) => {
    const tracking = new Tracking();
    const promise = Object.defineProperty(Promise.resolve(1), 'then', then);
    expect(tracking.run(() => tracking.tracker.trackStage('A', () => promise))).toBe(promise);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 0 });
  });

  it('settles the promise of a stage that the end of the trace has closed', async () => {
    const tracking = new Tracking();
    const { promise, resolve } = Promise.withResolvers<string>();
    const result = tracking.run(() => ({ inner: tracking.tracker.trackStage('A', () => promise) })).inner;
    resolve('late');
    await expect(result).resolves.toBe('late');
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });
});

describe('unhandled rejections', () => {
  const tracking = new Tracking();

  it('of a stage that nobody handles are reported exactly once, as without tracking', async () => {
    const plain = await unhandledRejectionsOf(() => {
      void Promise.reject(failure);
    });
    const tracked = await unhandledRejectionsOf(() => {
      tracking.run(() => {
        void tracking.tracker.trackStage('A', () => Promise.reject(failure));
      });
    });
    expect([plain, tracked]).toEqual([[failure], [failure]]);
  });

  it('of nested stages that nobody handles are reported exactly once', async () => {
    const reasons = await unhandledRejectionsOf(() => {
      void tracking.run(() =>
        tracking.tracker.trackStage('A', () =>
          tracking.tracker.trackStage('B', async () => {
            throw failure;
          }),
        ),
      );
    });
    expect(reasons).toEqual([failure]);
  });

  it('are none when the caller handles the promise, at once or some microtasks later', async () => {
    const reasons = await unhandledRejectionsOf(async () => {
      await tracking.run(async () => {
        await tracking.tracker.trackStage('A', () => Promise.reject(failure)).catch(() => undefined);
        const pending = tracking.tracker.trackStage('B', () => Promise.reject(failure));
        await Promise.resolve();
        await expect(pending).rejects.toBe(failure);
      });
    });
    expect(reasons).toEqual([]);
  });

  it('are none for a failing attributes callback of a promise', async () => {
    const reasons = await unhandledRejectionsOf(async () => {
      const attributes = (): never => {
        throw failure;
      };
      expect(await tracking.run(() => tracking.tracker.trackStage('A', async () => 1, { attributes }))).toBe(
        1,
      );
    });
    expect(reasons).toEqual([]);
  });
});
