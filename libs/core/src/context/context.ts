import { AsyncLocalStorage } from 'node:async_hooks';
import { type ContextFrame, enterFrame, findContextFrames } from './context-frames.js';
import type { Stage } from '../stage/stage.js';

/**
 * The one AsyncLocalStorage of the process: which stage is running here. Whatever is entered is left again by the same
 * call, because what `enterWith` sets leaks to whoever runs next. The trace, its ids and its recorder all hang off the
 * stage.
 */
const storage = new AsyncLocalStorage<Stage | undefined>();

const frames = findContextFrames();

/** Any function that is called by `this` and arguments and not by its type. */
export type Call = (this: unknown, ...args: unknown[]) => unknown;

const NO_ARGUMENTS: readonly unknown[] = [];

/** The innermost stage whose code is running, or undefined outside every trace. */
export function currentStage(): Stage | undefined {
  return frames === undefined ? storage.getStore() : (frames.current()?.get(storage) as Stage | undefined);
}

/**
 * The context here, to compare with others: whoever meets the same one again meets the same stage in it, and need not
 * look it up.
 */
export function currentContext(): unknown {
  return frames === undefined ? storage.getStore() : frames.current();
}

/** Runs `fn` as code of `stage`; with undefined, as code outside every trace. */
export function runInStage<T>(stage: Stage | undefined, fn: () => T): T {
  return currentStage() === stage ? fn() : (callInStage(stage, fn, undefined, NO_ARGUMENTS) as T);
}

/** Calls a function as code of `stage`. What it returns or throws comes back. */
export function callInStage(
  stage: Stage | undefined,
  call: Call,
  self: unknown,
  args: readonly unknown[],
): unknown {
  if (frames === undefined) return storage.run(stage, applied, call, self, args);
  const outer = frames.current();
  let inner: ContextFrame | undefined;
  try {
    inner = enterFrame(frames, outer, storage, stage);
    return call.apply(self, args as unknown[]);
  } finally {
    // Without `inner` nothing has run: the frame was not completed.
    if (frames.current() === inner || inner === undefined) frames.set(outer);
    else putBack(outer);
  }
}

/**
 * Calls a function in a context that {@link currentContext} has given, which is not made again. What other storages hold is
 * as it was there, so it may be entered for a stage only where the context is the one that the stage was entered from then.
 */
export function callInContext(
  context: unknown,
  call: Call,
  self: unknown,
  args: readonly unknown[],
): unknown {
  if (frames === undefined) return storage.run(context as Stage | undefined, applied, call, self, args);
  const outer = frames.current();
  frames.set(context as ContextFrame | undefined);
  try {
    return call.apply(self, args as unknown[]);
  } finally {
    if (frames.current() === context) frames.set(outer);
    else putBack(outer);
  }
}

/** Where the application has entered something meanwhile that is to last, only our own part is put back. */
function putBack(outer: ContextFrame | undefined): void {
  storage.enterWith(outer?.get(storage) as Stage | undefined);
}

function applied(call: Call, self: unknown, args: readonly unknown[]): unknown {
  return call.apply(self, args as unknown[]);
}
