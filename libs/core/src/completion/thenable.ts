import { currentStage, runInStage } from '../context.js';
import type { ResultShape } from '../result-shape.js';
import type { Stage } from '../stage.js';
import { followedIterator } from './async-iterable.js';
import { isFixed, standInFor } from './stand-in.js';

/**
 * A lazy thenable, such as a query builder: nothing happens until `then`, and every `then` executes anew. So each is a
 * stage, from the call of `then` until it settles. Only for stages that ask for it with `followThenable`: a stand-in is
 * another object, and whoever compares identities would notice.
 * @param onValue Told what one execution came to, before its stage ends.
 */
export function thenableShape(onValue?: (stage: Stage, value: unknown) => void): ResultShape {
  return {
    name: 'thenable',
    matches: (result) => typeof (result as Partial<Thenable>).then === 'function' && !isFixed(result, 'then'),
    follow: (result, held) => {
      const thenable = result as Thenable;
      const then = (...args: unknown[]): unknown => {
        const stage = held.claim();
        return stage === undefined ? thenable.then(...args) : execute(thenable, stage, args, onValue);
      };
      return standInFor(thenable, new Map([...settling(thenable, then), ...iterating(thenable, held)]));
    },
  };
}

type AnyFunction = (...args: unknown[]) => unknown;

interface Thenable {
  then: AnyFunction;
  catch?: AnyFunction;
  finally?: AnyFunction;
}

/** Calls `then` as code of the stage; the callbacks run where it was called, and get the very same value or error. */
function execute(
  thenable: Thenable,
  stage: Stage,
  [onFulfilled, onRejected, ...others]: unknown[],
  onValue?: (stage: Stage, value: unknown) => void,
): unknown {
  const caller = currentStage();
  const fulfilled = (...values: unknown[]): unknown => {
    onValue?.(stage, values[0]);
    stage.succeed();
    if (typeof onFulfilled !== 'function') return values[0];
    return runInStage(caller, () => (onFulfilled as AnyFunction)(...values));
  };
  const rejected = (...errors: unknown[]): unknown => {
    stage.fail(errors[0]);
    if (typeof onRejected !== 'function') throw errors[0];
    return runInStage(caller, () => (onRejected as AnyFunction)(...errors));
  };
  try {
    return stage.run(() => thenable.then(fulfilled, rejected, ...others));
  } catch (error) {
    stage.fail(error);
    throw error;
  }
}

/**
 * `catch` and `finally` as JavaScript defines them, by way of `then`. Where they are called otherwise (bluebird's
 * `catch` takes a class before the callback) they are the thenable's own, and not followed.
 */
function settling(thenable: Thenable, then: AnyFunction): [PropertyKey, AnyFunction][] {
  const byThen = (name: 'catch' | 'finally', generic: AnyFunction): [PropertyKey, AnyFunction] => [
    name,
    (...args) =>
      args.length === 1 && typeof args[0] === 'function'
        ? Reflect.apply(generic, { then }, args)
        : thenable[name]?.(...args),
  ];
  const { catch: catches, finally: finallyDoes } = Promise.prototype as unknown as Required<Thenable>;
  return [['then', then], byThen('catch', catches), byThen('finally', finallyDoes)];
}

/** Builders that can also be read row by row. */
function iterating(thenable: Thenable, held: Stage): [PropertyKey, AnyFunction][] {
  const iterable = thenable as Partial<AsyncIterable<unknown>>;
  const iterate: AnyFunction = () =>
    followedIterator((iterable as AsyncIterable<unknown>)[Symbol.asyncIterator](), held);
  return [[Symbol.asyncIterator, iterate]];
}
