import { setTimeout as sleep } from 'node:timers/promises';
import type { Shape, Trial } from './trial.ts';
import { PAUSE_MS, WORK_MS, busy } from './work.ts';

/** Methods whose result is there at once or comes by one promise. */
export const valueShapes: readonly Shape[] = [
  {
    name: 'sync',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const method = trial.track(() => {
        trial.workInside();
        busy(WORK_MS);
        return 42;
      });
      const end = trial.begin();
      const result = method();
      end();
      await trial.unchanged(result, (value) => value === 42);
    },
  },
  {
    name: 'sync throw',
    outcome: 'error',
    uses: 1,
    run: async (trial) => {
      const method = trial.track((): number => {
        trial.workInside();
        busy(WORK_MS);
        throw new Error('thrown');
      });
      const end = trial.begin();
      try {
        const result = method();
        end();
        await trial.unchanged(result, () => false);
      } catch {
        end();
      }
    },
  },
  {
    name: 'promise',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const method = trial.track(async () => {
        await sleep(WORK_MS);
        trial.workInside();
        return 42;
      });
      const end = trial.begin();
      const result = method();
      trial.check(result instanceof Promise, 'other type');
      const value = await result;
      end();
      trial.check(value === 42, 'other value');
    },
  },
  {
    name: 'promise, rejected',
    outcome: 'error',
    uses: 1,
    run: async (trial) => {
      const method = trial.track(async () => {
        await sleep(WORK_MS);
        trial.workInside();
        throw new Error('rejected');
      });
      const end = trial.begin();
      const result = method();
      trial.check(result instanceof Promise, 'other type');
      const hasRejected = await result.then(
        () => false,
        () => true,
      );
      end();
      trial.check(hasRejected, 'error swallowed');
    },
  },
  {
    name: 'lazy thenable',
    outcome: 'ok',
    uses: 1,
    isUntouched: true,
    run: async (trial) => {
      const query = new Query(trial);
      const result = trial.track(() => query)();
      trial.check(result === query || result instanceof Promise, 'not the same object');
      await execute(trial, query, result);
    },
  },
  {
    name: 'lazy thenable, followed',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const query = new Query(trial);
      await execute(trial, query, trial.track(() => query, { followThenable: true })());
    },
  },
];

/** Awaits it once, after a moment in which nothing must happen to it. */
async function execute(trial: Trial, query: Query, result: PromiseLike<number>): Promise<void> {
  await sleep(PAUSE_MS);
  trial.check(query.executions === 0, 'executed unasked');
  trial.check(result instanceof Query, result instanceof Promise ? 'becomes a Promise' : 'other type');
  trial.check((await result) === 42, 'other value');
  trial.check(query.executions <= 1, `executed ${query.executions} times`);
}

/** As query builders do it: nothing happens until `then`, and every `then` executes anew. */
class Query implements PromiseLike<number> {
  executions = 0;
  readonly #trial: Trial;

  constructor(trial: Trial) {
    this.#trial = trial;
  }

  then<A = number, B = never>(
    onFulfilled?: ((value: number) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.executions += 1;
    return this.#execute().then(onFulfilled, onRejected);
  }

  /** The true clock is that of the execution, which begins when somebody awaits. */
  async #execute(): Promise<number> {
    const end = this.#trial.begin();
    await sleep(WORK_MS);
    this.#trial.workInside();
    end();
    return 42;
  }
}
