import type { Stage } from '../stage/stage.js';

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the promise as `this` below
const nativeThen = Promise.prototype.then;

/**
 * Whether `then` is the native one, of this realm or another. A subclass that overrides it may be lazy (calling it
 * would start the work) and is left alone.
 */
export function hasNativeThen(promise: Promise<unknown>): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- only compared and printed
    const then = promise.then;
    return (
      then === nativeThen || Function.prototype.toString.call(then) === 'function then() { [native code] }'
    );
  } catch {
    // A getter that throws, or something that is no function.
    return false;
  }
}

/**
 * Ends the stage when the promise settles. The caller gets the derived promise and not the original: a listener at
 * the side would mark a rejection as handled that nobody handles. What the promise carries beside its state (a
 * `cancel` method, say) is carried over.
 */
export function followPromise<L>(
  stage: Stage,
  promise: Promise<unknown>,
  settle: (stage: Stage, value: unknown, listener: L) => unknown,
  listener: L,
): Promise<unknown> {
  const derived = nativeThen.call(
    promise,
    (value: unknown) => settle(stage, value, listener),
    (error: unknown) => {
      stage.fail(error);
      throw error;
    },
  );
  if (carriesSomething(promise)) carryOver(promise, derived);
  return derived;
}

/** What a promise calls when it settles, one of them and once. */
export interface Settlement {
  /** Returns what the promise resolves to for the caller. */
  readonly fulfilled: (value: unknown) => unknown;
  /** Throws what it is given. */
  readonly rejected: (error: unknown) => never;
}

/** Whether it is nothing but a promise of this realm: with a `then` that is the native one, and carrying nothing. */
export function isPlainPromise(result: object): result is Promise<unknown> {
  try {
    return result instanceof Promise && hasNativeThen(result) && !carriesSomething(result);
  } catch {
    // A proxy.
    return false;
  }
}

/**
 * The derived promise of a plain one, see {@link followPromise}; undefined where there can be none, as of a subclass
 * that cannot be derived from. Nothing is told then.
 */
export function settlementOf(promise: Promise<unknown>, told: Settlement): Promise<unknown> | undefined {
  try {
    return nativeThen.call(promise, told.fulfilled, told.rejected);
  } catch {
    return undefined;
  }
}

function carryOver(promise: object, derived: object): void {
  for (const key of Reflect.ownKeys(promise)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(promise, key);
    // Unlike `Object.defineProperty`, does not throw where the class has defined the property already, and for good.
    if (descriptor !== undefined) Reflect.defineProperty(derived, key, descriptor);
  }
}

/** Whether anything enumerable is there; to ask every promise for all its keys costs a tenth of a stage. */
function carriesSomething(promise: object): boolean {
  for (const key in promise) if (Object.hasOwn(promise, key)) return true;
  return false;
}
