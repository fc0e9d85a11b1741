import type { ResultShape, Stage } from '@followspot/core';
import { isObservable, Observable } from 'rxjs';
import { StageSubscriber, type SubscriptionListener } from './stage-subscriber.js';

/**
 * Observables: one stage per subscription, from the subscription to complete, error or unsubscribe. An Observable
 * nobody subscribes to leaves no stage. It lives here and not in the engine, which imports nothing but Node.
 */
export const observableShape: ResultShape = {
  name: 'observable',
  matches: (result) => isObservable(result),
  follow: (result, held) => {
    const source = result as Observable<unknown>;
    const followed = new Observable<unknown>((subscriber) => {
      const stage = held.claim();
      if (stage === undefined) return source.subscribe(subscriber);
      const followed = new StageSubscriber(subscriber, stage, endsOf(stage));
      return stage.run(() => source.subscribe(followed));
    });
    return isPlain(source) ? followed : inTheGuiseOf(source, followed);
  },
};

/** What RxJS itself keeps on every Observable. */
const OWN_KEYS: ReadonlySet<PropertyKey> = new Set(['source', 'operator', '_subscribe']);

/** Not of a subclass, and without extras such as the `connect` that `connectable()` puts on. */
function isPlain(source: Observable<unknown>): boolean {
  return (
    Object.getPrototypeOf(source) === Observable.prototype &&
    Reflect.ownKeys(source).every((key) => OWN_KEYS.has(key))
  );
}

function endsOf(stage: Stage): SubscriptionListener {
  const ends: SubscriptionListener = {
    complete: () => {
      stage.succeed();
    },
    error: (error) => {
      stage.fail(error);
    },
    unsubscribe: () => {
      stage.cancel();
    },
  };
  if (stage.isListenedTo) {
    ends.next = (value) => {
      stage.chunk(value);
    };
  }
  return ends;
}

/** The ways to subscribe to an Observable; everything else belongs to the original. */
const SUBSCRIBING: ReadonlySet<PropertyKey> = new Set([
  'subscribe',
  'pipe',
  'forEach',
  'toPromise',
  'lift',
  // What another copy of RxJS asks for.
  (Symbol as { observable?: symbol }).observable ?? '@@observable',
]);

/** Keeps what it has beyond an Observable (a BehaviorSubject's `value`, a `connect`), on the original itself. */
function inTheGuiseOf(source: Observable<unknown>, followed: Observable<unknown>): object {
  const bound = new Map<PropertyKey, unknown>();
  return new Proxy(source, {
    get(target, key) {
      const from = SUBSCRIBING.has(key) ? followed : target;
      const value: unknown = Reflect.get(from, key, from);
      if (typeof value !== 'function' || key === 'constructor') return value;
      const method: unknown = bound.get(key) ?? value.bind(from);
      bound.set(key, method);
      return method;
    },
    // With the original as `this`: a setter may use private fields, which a proxy has not.
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}
