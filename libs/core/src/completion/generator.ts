import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';

/** A generator runs nothing until its first `next`; the stage lasts from there to its end. */
export const generatorShape: ResultShape = {
  name: 'generator',
  matches: (result) => Object.prototype.toString.call(result) === '[object Generator]',
  follow: (result, stage) => {
    const original = result as Generator;
    return standIn(original, new FollowedIterator(original, stage));
  },
};

/** The same for asynchronous generators, whose every step runs as code of the stage. */
export const asyncGeneratorShape: ResultShape = {
  name: 'async generator',
  matches: (result) => Object.prototype.toString.call(result) === '[object AsyncGenerator]',
  follow: (result, stage) => {
    const original = result as AsyncGenerator;
    return standIn(original, new FollowedAsyncIterator(original, stage));
  },
};

/** An object of the original's own kind whose three methods are the followed ones. */
function standIn<T extends object>(original: T, followed: FollowedSteps): T {
  const method = (value: unknown): PropertyDescriptor => ({ value, writable: true, configurable: true });
  return Object.create(Object.getPrototypeOf(original) as object, {
    next: method((...args: unknown[]) => followed.step('next', args)),
    return: method((...args: unknown[]) => followed.step('return', args)),
    throw: method((...args: unknown[]) => followed.step('throw', args)),
  }) as T;
}

type StepName = 'next' | 'return' | 'throw';

/** An iterator's methods, called by name. */
type Steps = Partial<Record<StepName, (...args: unknown[]) => unknown>>;

interface FollowedSteps {
  step(name: StepName, args: unknown[]): unknown;
}

/** Claims the stage at the first `next` and runs each step as its code. What ends before that leaves no stage. */
abstract class Followed implements FollowedSteps {
  readonly #original: Steps;
  readonly #held: Stage;
  #stage: Stage | undefined;
  #hasStarted = false;

  constructor(original: object, held: Stage) {
    this.#original = original;
    this.#held = held;
  }

  step(name: StepName, args: unknown[]): unknown {
    if (!this.#hasStarted && name === 'next') {
      this.#hasStarted = true;
      this.#stage = this.#held.claim();
    }
    const stage = this.#stage;
    const call = (): unknown =>
      (this.#original[name] as (...given: unknown[]) => unknown).apply(this.#original, args);
    if (stage === undefined) return call();
    // An end that comes too late is counted by the stage.
    return this.follow(stage, name, stage.hasEnded ? call : () => stage.run(call));
  }

  protected abstract follow(stage: Stage, name: StepName, call: () => unknown): unknown;

  /** After a step that brought a value, or ended the iteration: by running dry, or because the consumer had enough. */
  protected stepped(stage: Stage, name: StepName, result: unknown): void {
    const step = result as IteratorResult<unknown> | undefined;
    if (step?.done !== true) stage.chunk(step?.value);
    else if (name === 'next') stage.succeed();
    else stage.cancel();
  }
}

class FollowedIterator extends Followed {
  protected override follow(stage: Stage, name: StepName, call: () => unknown): unknown {
    try {
      const result = call();
      this.stepped(stage, name, result);
      return result;
    } catch (error) {
      stage.fail(error);
      throw error;
    }
  }
}

/** Exported for iterators that are not generators. */
export class FollowedAsyncIterator extends Followed {
  protected override async follow(stage: Stage, name: StepName, call: () => unknown): Promise<unknown> {
    try {
      const result = await call();
      this.stepped(stage, name, result);
      return result;
    } catch (error) {
      stage.fail(error);
      throw error;
    }
  }
}
