import type { Stage } from '../stage/stage.js';

/**
 * A kind of result whose work is not finished when the method returns. The engine knows promises, generators,
 * iterators, web and Node streams; a library adds its own, as `@followspot/nestjs` does for Observables.
 */
export interface ResultShape {
  readonly name: string;
  /** Whether `result` has this shape. Must not call anything of it. */
  matches(result: object): boolean;
  /**
   * Returns what the caller gets instead of `result`: something of the same type that claims the stage when it is
   * first used and ends it when it is finished. The stage is held already. `result` itself must not be changed.
   */
  follow(result: object, stage: Stage): object;
}
