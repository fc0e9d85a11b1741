import { AsyncLocalStorage } from 'node:async_hooks';
import type { Stage } from './stage.js';

/**
 * The one AsyncLocalStorage of the process: which stage is running here. Only ever entered with `run`, because what
 * `enterWith` sets leaks to whoever runs next. The trace, its ids and its recorder all hang off the stage.
 */
const storage = new AsyncLocalStorage<Stage | undefined>();

/** The innermost stage whose code is running, or undefined outside every trace. */
export function currentStage(): Stage | undefined {
  return storage.getStore();
}

/** Runs `fn` as code of `stage`; with undefined, as code outside every trace. */
export function runInStage<T>(stage: Stage | undefined, fn: () => T): T {
  return storage.run(stage, fn);
}
