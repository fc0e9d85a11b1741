import { describe, expect, it } from '@jest/globals';
import { Tracking } from '../testing/tracking.js';

const failure = new Error('stream');

/** Three chunks, each of which takes 1 ms and a substage to make; then the end, or an error. */
function chunks(tracking: Tracking, log: string[] = [], failsAtEnd = false): ReadableStream<number> {
  let next = 1;
  return new ReadableStream<number>(
    {
      pull: (controller) => {
        log.push(`pull ${next}`);
        tracking.tracker.trackStage(`S${next}`, () => tracking.clock.advance(1));
        if (next <= 3) controller.enqueue(next);
        else if (failsAtEnd) controller.error(failure);
        else controller.close();
        next += 1;
      },
      cancel: (reason) => {
        log.push(`cancel ${String(reason)}`);
      },
    },
    { highWaterMark: 0 },
  );
}

function bytes(...parts: readonly string[]): ReadableStream<Uint8Array> {
  const left = parts.map((part) => new TextEncoder().encode(part));
  return new ReadableStream({
    type: 'bytes',
    pull: (controller) => {
      const part = left.shift();
      if (part === undefined) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        controller.enqueue(part);
      }
    },
  });
}

async function read<T>(stream: ReadableStream<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const chunk of stream) seen.push(chunk);
  return seen;
}

describe('a stage whose work returns a web stream', () => {
  it('lasts from the first read to the end, with what the source does below it', async () => {
    const tracking = new Tracking();
    const seen: number[] = [];
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      tracking.clock.advance(1_000);
      for await (const chunk of stream) {
        seen.push(chunk);
        tracking.clock.advance(10);
      }
    });
    expect(seen).toEqual([1, 2, 3]);
    expect(tracking.tree).toBe('ROOT(A(S1 S2 S3 S4))');
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 34, selfTimeMs: 30 });
  });

  it('reads nothing that the consumer did not ask for', async () => {
    const tracking = new Tracking();
    const log: string[] = [];
    await tracking.run(async () => {
      const reader = tracking.tracker.trackStage('A', () => chunks(tracking, log)).getReader();
      await new Promise(setImmediate);
      expect(log).toEqual([]);
      await reader.read();
      await new Promise(setImmediate);
      expect(log).toEqual(['pull 1']);
    });
  });

  it('fails when the stream fails, and the consumer gets the very same error', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking, [], true));
      await expect(read(stream)).rejects.toBe(failure);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'error', errorMessage: 'stream', durationMs: 4 });
  });

  it('is cancelled when the consumer cancels, and the source is told the reason', async () => {
    const tracking = new Tracking();
    const log: string[] = [];
    await tracking.run(async () => {
      const reader = tracking.tracker.trackStage('A', () => chunks(tracking, log)).getReader();
      await reader.read();
      await reader.cancel('enough');
    });
    expect(log).toEqual(['pull 1', 'cancel enough']);
    expect(tracking.stage('A')).toMatchObject({ outcome: 'cancelled', durationMs: 1 });
  });

  it('is cancelled, and not done, when the consumer cancels while a read is pending', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const silent = new ReadableStream({ pull: () => new Promise(() => undefined) }, { highWaterMark: 0 });
      const reader = tracking.tracker.trackStage('A', () => silent).getReader();
      const pending = reader.read();
      await new Promise(setImmediate);
      await reader.cancel();
      expect(await pending).toEqual({ done: true, value: undefined });
    });
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });

  it('leaves no stage when it is cancelled before the first read or never used', async () => {
    const tracking = new Tracking();
    const log: string[] = [];
    await tracking.run(async () => {
      await tracking.tracker.trackStage('A', () => chunks(tracking, log)).cancel('never');
      tracking.tracker.trackStage('B', () => chunks(tracking, log));
    });
    expect(log).toEqual(['cancel never']);
    expect([tracking.tree, tracking.all.stageIds]).toEqual(['ROOT', ['ROOT']]);
  });

  it('passes on a cancel that fails', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const source = new ReadableStream<number>({
        pull: (controller) => {
          controller.enqueue(1);
        },
        cancel: () => Promise.reject(failure),
      });
      const reader = tracking.tracker.trackStage('A', () => source).getReader();
      await reader.read();
      await expect(reader.cancel()).rejects.toBe(failure);
    });
    expect(tracking.stage('A').outcome).toBe('cancelled');
  });

  it('can be teed, with every chunk in both branches and one stage', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const [one, other] = tracking.tracker.trackStage('A', () => chunks(tracking)).tee();
      expect(await Promise.all([read(one), read(other)])).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
    });
    expect(tracking.tree).toBe('ROOT(A(S1 S2 S3 S4))');
    expect(tracking.stage('A').outcome).toBe('ok');
  });

  it('can be piped, and an abort of the pipe cancels it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const seen: number[] = [];
      const stream = tracking.tracker.trackStage('A', () => chunks(tracking));
      await stream.pipeTo(
        new WritableStream<number>({
          write: (chunk) => {
            seen.push(chunk);
          },
        }),
      );
      expect(seen).toEqual([1, 2, 3]);

      const abort = new AbortController();
      const aborted = tracking.tracker.trackStage('B', () => chunks(tracking));
      const writable = new WritableStream<number>({
        write: () => {
          abort.abort(failure);
        },
      });
      await expect(aborted.pipeTo(writable, { signal: abort.signal })).rejects.toBe(failure);
    });
    expect([tracking.stage('A').outcome, tracking.stage('B').outcome]).toEqual(['ok', 'cancelled']);
  });

  it('stays a byte stream that fills the buffers of its consumer', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const reader = tracking.tracker.trackStage('A', () => bytes('hello', '!')).getReader({ mode: 'byob' });
      const seen: string[] = [];
      for (
        let step = await reader.read(new Uint8Array(3));
        !step.done;
        step = await reader.read(new Uint8Array(3))
      ) {
        seen.push(new TextDecoder().decode(step.value));
      }
      expect(seen).toEqual(['hel', 'lo', '!']);
    });
    expect(tracking.stage('A').outcome).toBe('ok');
  });

  it('can be the body of a Response', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const response = new Response(tracking.tracker.trackStage('A', () => bytes('hello', ' world')));
      expect(await response.text()).toBe('hello world');
    });
    expect(tracking.stage('A').outcome).toBe('ok');
  });

  it('that a promise brings is one stage with the time before it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = await tracking.tracker.trackStage('A', async () => {
        tracking.clock.advance(4);
        return chunks(tracking);
      });
      tracking.clock.advance(1_000);
      await read(stream);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 8, selfTimeMs: 4 });
  });

  it('does not count a substage that runs on while nobody reads', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const stream = await tracking.tracker.trackStage('A', async () => {
        tracking.clock.advance(4);
        void tracking.tracker.trackStage('BACKGROUND', () => promise);
        tracking.clock.advance(2);
        return chunks(tracking);
      });
      tracking.clock.advance(1_000);
      const reader = stream.getReader();
      await reader.read();
      resolve(undefined);
      await promise;
      while (!(await reader.read()).done) tracking.clock.advance(10);
    });
    expect(tracking.stage('A')).toMatchObject({ durationMs: 30, selfTimeMs: 24 });
    expect(tracking.stage('BACKGROUND').durationMs).toBe(1_003);
  });

  it('counts of a substage that ended while nobody read only the time before', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const stream = await tracking.tracker.trackStage('A', async () => {
        tracking.clock.advance(4);
        void tracking.tracker.trackStage('BACKGROUND', () => promise);
        tracking.clock.advance(2);
        return chunks(tracking);
      });
      tracking.clock.advance(500);
      resolve(undefined);
      await promise;
      tracking.clock.advance(500);
      await read(stream);
    });
    expect(tracking.stage('A')).toMatchObject({ durationMs: 10, selfTimeMs: 4 });
    expect(tracking.stage('BACKGROUND').durationMs).toBe(502);
  });

  it('follows a stream made from an iterable, too', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const stream = tracking.tracker.trackStage('A', () => ReadableStream.from([1, 2]));
      tracking.clock.advance(1_000);
      for await (const _ of stream) tracking.clock.advance(1);
    });
    expect(tracking.stage('A')).toMatchObject({ outcome: 'ok', durationMs: 2 });
  });

  it('leaves a stream alone that is locked already or of a subclass', () => {
    const tracking = new Tracking();
    class Special extends ReadableStream<number> {}
    tracking.run(() => {
      const locked = chunks(tracking);
      locked.getReader();
      const special = new Special();
      expect(tracking.tracker.trackStage('A', () => locked)).toBe(locked);
      expect(tracking.tracker.trackStage('B', () => special)).toBe(special);
    });
    expect(tracking.tree).toBe('ROOT(A B)');
  });
});
