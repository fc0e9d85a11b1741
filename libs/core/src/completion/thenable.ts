import { types } from 'node:util';
import { currentStage, runInStage } from '../context/context.js';
import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';
import { followedIterator } from './async-iterable.js';
import { isFixed, standInFor } from './stand-in.js';

/** Ends a stage with the value that one execution came to, or goes on following it. Returns what the caller gets. */
type Settle = (stage: Stage, value: unknown) => unknown;

/**
 * A lazy thenable, such as a query builder: nothing happens until `then`, and every `then` executes anew. So each is a
 * stage, from the call of `then` until it settles. Only for stages that ask for it with `followThenable`: a stand-in is
 * another object, and whoever compares identities would notice.
 *
 * A promise with a `then` of its own, such as those of the SDKs of OpenAI and Anthropic, settles once like every
 * promise: its first `then` is the stage, and the others get what that one got.
 */
export function thenableShape(settle: Settle): ResultShape {
  return {
    name: 'thenable',
    matches: (result) => typeof (result as Partial<Thenable>).then === 'function' && !isFixed(result, 'then'),
    follow: (result, held) => {
      const thenable = result as Thenable;
      const each = (...args: unknown[]): unknown => {
        const stage = held.claim();
        return stage === undefined ? thenable.then(...args) : execute(thenable, stage, args, settle);
      };
      const then = types.isPromise(result) ? once(thenable, held, settle) : each;
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

/** The first `then` is the execution. Its value may have got a stand-in, and then all get that. */
function once(thenable: Thenable, held: Stage, settle: Settle): AnyFunction {
  let hasBegun = false;
  let outcome: { readonly value: unknown; readonly settled: unknown } | undefined;
  const remember: Settle = (stage, value) => {
    outcome = { value, settled: settle(stage, value) };
    return outcome.settled;
  };
  return (...args) => {
    const stage = hasBegun ? undefined : held.claim();
    hasBegun = true;
    if (stage !== undefined) return execute(thenable, stage, args, remember);
    const [onFulfilled, ...others] = args;
    const fulfilled = (value: unknown): unknown => {
      const settled = outcome?.value === value ? outcome?.settled : value;
      return typeof onFulfilled === 'function' ? (onFulfilled as AnyFunction)(settled) : settled;
    };
    return thenable.then(fulfilled, ...others);
  };
}

/** Calls `then` as code of the stage; the callbacks run where it was called, and get the very same value or error. */
function execute(
  thenable: Thenable,
  stage: Stage,
  [onFulfilled, onRejected, ...others]: unknown[],
  settle: Settle,
): unknown {
  const caller = currentStage();
  const fulfilled = (value: unknown, ...values: unknown[]): unknown => {
    const settled = settle(stage, value);
    if (typeof onFulfilled !== 'function') return settled;
    return runInStage(caller, () => (onFulfilled as AnyFunction)(settled, ...values));
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
