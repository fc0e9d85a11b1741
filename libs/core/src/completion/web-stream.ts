import type { ReadableStreamReadResult } from 'node:stream/web';
import type { ResultShape } from './result-shape.js';
import type { Stage } from '../stage/stage.js';

/**
 * A web `ReadableStream`: the stage lasts from the first read to the end, an error or a cancel. The stand-in has no
 * queue of its own, so nothing is read that the consumer did not ask for. A subclass is left alone, because a plain
 * stream in its place would lack what the subclass adds.
 */
export const webStreamShape: ResultShape = {
  name: 'web stream',
  matches: (result) =>
    result instanceof ReadableStream &&
    Object.getPrototypeOf(result) === ReadableStream.prototype &&
    !result.locked &&
    // `ReadableStream.from` leaves it on the streams that it makes.
    Reflect.ownKeys(result).every((key) => typeof key === 'symbol' || key === 'constructor'),
  follow: (result, stage) => followStream(result as ReadableStream<unknown>, stage),
};

function followStream(original: ReadableStream<unknown>, held: Stage): ReadableStream<unknown> {
  const reader = new FollowedReader(original, held);
  if (isByteStream(original)) {
    return new ReadableStream({
      type: 'bytes',
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value as NodeJS.ArrayBufferView<ArrayBuffer>);
          return;
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }
  return new ReadableStream<unknown>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

class FollowedReader {
  readonly #original: ReadableStream<unknown>;
  readonly #held: Stage;
  #reader: ReadableStreamDefaultReader<unknown> | undefined;
  #stage: Stage | undefined;
  #isCancelled = false;

  constructor(original: ReadableStream<unknown>, held: Stage) {
    this.#original = original;
    this.#held = held;
  }

  async read(): Promise<ReadableStreamReadResult<unknown>> {
    if (this.#reader === undefined) {
      this.#stage = this.#held.claim();
      this.#reader = this.#original.getReader();
    }
    const reader = this.#reader;
    try {
      const result = await this.#run(() => reader.read());
      // A cancel answers the reads that are pending as if the stream were done.
      if (!result.done) this.#stage?.chunk(result.value);
      else if (!this.#isCancelled) this.#stage?.succeed();
      return result;
    } catch (error) {
      this.#stage?.fail(error);
      throw error;
    }
  }

  async cancel(reason: unknown): Promise<void> {
    const target = this.#reader ?? this.#original;
    this.#isCancelled = true;
    try {
      await this.#run(() => target.cancel(reason));
    } finally {
      this.#stage?.cancel();
    }
  }

  #run<T>(call: () => T): T {
    return this.#stage === undefined || this.#stage.hasEnded ? call() : this.#stage.run(call);
  }
}

/** Only a byte stream gives out a reader that fills the consumer's own buffers. */
function isByteStream(stream: ReadableStream<unknown>): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}
