import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shape, Trial } from './trial.ts';
import { HALF_WAY, PAUSE_MS, STEPS, busy } from './work.ts';

/** Methods that return something the consumer reads from: generators, web streams, Node streams. */
export const streamShapes: readonly Shape[] = [
  {
    name: 'async generator, full',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const end = trial.begin();
      await read(await generated(trial, generator(trial)));
      end();
    },
  },
  {
    name: 'async generator, break',
    outcome: 'cancelled',
    uses: 1,
    run: async (trial) => {
      let isStopped = false;
      const stopped = (): void => {
        isStopped = true;
      };
      const end = trial.begin();
      await read(await generated(trial, generator(trial, { stopped })), HALF_WAY);
      end();
      trial.check(isStopped, 'source runs on');
    },
  },
  {
    name: 'async generator, throw',
    outcome: 'error',
    uses: 1,
    run: async (trial) => {
      const end = trial.begin();
      const result = await generated(trial, generator(trial, { failsAt: HALF_WAY }));
      const hasThrown = await read(result).then(
        () => false,
        () => true,
      );
      end();
      trial.check(hasThrown, 'error swallowed');
    },
  },
  {
    name: 'async generator, never iterated',
    outcome: 'ok',
    uses: 0,
    run: async (trial) => {
      await generated(trial, generator(trial));
    },
  },
  {
    name: 'sync generator',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const method = trial.track(function* () {
        for (let step = 1; step <= STEPS; step += 1) {
          busy(PAUSE_MS);
          trial.workInside();
          yield step;
        }
      });
      const end = trial.begin();
      const result = await trial.unchanged(method(), (value) => tagOf(value) === '[object Generator]');
      for (const _step of result);
      end();
    },
  },
  {
    name: 'web ReadableStream, read',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const end = trial.begin();
      await read(await streamed(trial));
      end();
    },
  },
  {
    name: 'web ReadableStream, cancelled',
    outcome: 'cancelled',
    uses: 1,
    run: async (trial) => {
      let isStopped = false;
      const stopped = (): void => {
        isStopped = true;
      };
      const end = trial.begin();
      await read(await streamed(trial, stopped), HALF_WAY);
      end();
      trial.check(isStopped, 'source runs on');
    },
  },
  {
    name: 'Node Readable, read',
    outcome: 'ok',
    uses: 1,
    run: async (trial) => {
      const end = trial.begin();
      await read(await readable(trial));
      end();
    },
  },
  {
    name: 'Node Readable, destroyed',
    outcome: 'cancelled',
    uses: 1,
    run: async (trial) => {
      let isStopped = false;
      const stopped = (): void => {
        isStopped = true;
      };
      const end = trial.begin();
      await read(await readable(trial, stopped), HALF_WAY);
      end();
      trial.check(isStopped, 'source runs on');
    },
  },
];

/** Reads to the end, or leaves after some steps the way `break` does. */
async function read(stream: AsyncIterable<unknown>, leavesAt = Number.POSITIVE_INFINITY): Promise<void> {
  let step = 0;
  for await (const _value of stream) {
    step += 1;
    if (step >= leavesAt) break;
  }
}

/** A generator function; each step takes its time and calls another tracked method. */
function generator(trial: Trial, how: { failsAt?: number; stopped?: () => void } = {}) {
  return async function* () {
    try {
      for (let step = 1; step <= STEPS; step += 1) {
        await sleep(PAUSE_MS);
        trial.workInside();
        if (step === how.failsAt) throw new Error('failed');
        yield step;
      }
    } finally {
      how.stopped?.();
    }
  };
}

async function generated<T>(trial: Trial, method: () => AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  return trial.unchanged(trial.track(method)(), (value) => tagOf(value) === '[object AsyncGenerator]');
}

function streamed(trial: Trial, stopped?: () => void): Promise<ReadableStream<number>> {
  const method = trial.track(() => {
    let step = 0;
    return new ReadableStream<number>({
      async pull(controller) {
        step += 1;
        await sleep(PAUSE_MS);
        trial.workInside();
        controller.enqueue(step);
        if (step === STEPS) controller.close();
      },
      cancel: () => stopped?.(),
    });
  });
  return trial.unchanged(method(), (value) => value instanceof ReadableStream);
}

function readable(trial: Trial, stopped?: () => void): Promise<Readable> {
  const method = trial.track(() => {
    let step = 0;
    const stream = new Readable({
      objectMode: true,
      // Without a buffer the source works only while somebody reads, and the reader's clock is the true one.
      highWaterMark: 1,
      read() {
        setTimeout(() => {
          // It may have been destroyed meanwhile.
          if (stream.destroyed) return;
          step += 1;
          trial.workInside();
          stream.push(step);
          if (step === STEPS) stream.push(null);
        }, PAUSE_MS);
      },
      destroy(error, done) {
        stopped?.();
        done(error);
      },
    });
    return stream;
  });
  return trial.unchanged(method(), (value) => value instanceof Readable);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}
