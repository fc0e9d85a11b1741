import { Stream } from 'node:stream';
import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';
import { FollowedAsyncIterator } from './generator.js';
import { isFixed, standInFor } from './stand-in.js';

/**
 * Any other object that can be read with `for await`, such as the stream of a model's SDK. It may have methods and
 * private fields of its own, so only how it is iterated is exchanged. A lazy thenable that is iterable too (a query
 * builder) is left alone, and so are the streams that their own shapes have turned down: a socket behind a proxy is no
 * socket to Node.
 */
export const asyncIterableShape: ResultShape = {
  name: 'async iterable',
  matches: (result) =>
    typeof (result as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function' &&
    !('then' in result) &&
    !(result instanceof Stream) &&
    !(result instanceof ReadableStream) &&
    !ITERATION.some((key) => isFixed(result, key)),
  follow: (result, stage) => standInFor(result, followedMembers(result as AsyncIterable<unknown>, stage)),
};

/** What the stand-in exchanges. */
const ITERATION: readonly PropertyKey[] = [Symbol.asyncIterator, 'next', 'return', 'throw'];

/** How the object is iterated: each iterator it hands out, and its own steps when it is an iterator itself. */
function followedMembers(iterable: AsyncIterable<unknown>, stage: Stage): Map<PropertyKey, unknown> {
  const members = new Map<PropertyKey, unknown>();
  members.set(Symbol.asyncIterator, () => followedIterator(iterable[Symbol.asyncIterator](), stage));
  if (typeof (iterable as { next?: unknown }).next === 'function') {
    const itself = followedIterator(iterable as unknown as AsyncIterator<unknown>, stage);
    for (const name of ['next', 'return', 'throw'] as const) {
      const step: unknown = Reflect.get(itself, name);
      if (step !== undefined) members.set(name, step);
    }
    members.set(Symbol.asyncIterator, () => itself);
  }
  return members;
}

/** An iterator whose first step claims the stage. */
export function followedIterator(
  original: AsyncIterator<unknown>,
  stage: Stage,
): AsyncIterableIterator<unknown> {
  const followed = new FollowedAsyncIterator(original, stage);
  const step =
    (name: 'next' | 'return' | 'throw') =>
    (...args: unknown[]): Promise<IteratorResult<unknown>> =>
      followed.step(name, args) as Promise<IteratorResult<unknown>>;
  return {
    next: step('next'),
    ...(original.return && { return: step('return') }),
    ...(original.throw && { throw: step('throw') }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
