import { describe, expect, it } from '@jest/globals';
import { currentStage } from '../context/context.js';
import { Tracking } from '../testing/tracking.js';
import { TrackStage } from '../track-stage.js';

const failure = new Error('generator');

class Numbers {
  readonly log: string[] = [];

  constructor(readonly tracking: Tracking) {}

  #step(name: string): void {
    this.tracking.tracker.trackStage(name, () => this.tracking.clock.advance(1));
  }

  @TrackStage('SYNC')
  *sync(failsAfter = Infinity): Generator<number, string, string | undefined> {
    try {
      for (let number = 1; number <= 3; number += 1) {
        this.#step(`S${number}`);
        this.log.push(String(yield number));
        if (number >= failsAfter) throw failure;
      }
      return 'end';
    } finally {
      this.log.push('finally');
    }
  }

  @TrackStage('ASYNC')
  async *async(failsAfter = Infinity): AsyncGenerator<number, string, string | undefined> {
    try {
      for (let number = 1; number <= 3; number += 1) {
        await Promise.resolve();
        this.#step(`S${number}`);
        this.log.push(String(yield number));
        if (number >= failsAfter) throw failure;
      }
      return 'end';
    } finally {
      this.log.push('finally');
    }
  }

  @TrackStage('LATER')
  async later(): Promise<AsyncGenerator<number>> {
    this.tracking.clock.advance(4);
    return this.async();
  }
}

describe.each(['SYNC', 'ASYNC'] as const)('a stage whose work returns a generator (%s)', (stageId) => {
  function start(): {
    tracking: Tracking;
    numbers: Numbers;
    open: (failsAfter?: number) => Generator | AsyncGenerator;
  } {
    const tracking = new Tracking();
    const numbers = new Numbers(tracking);
    return {
      tracking,
      numbers,
      open: (after) => (stageId === 'SYNC' ? numbers.sync(after) : numbers.async(after)),
    };
  }

  it('lasts from the first next to the end, with its stages below it and its idle time not counted', async () => {
    const { tracking, open } = start();
    const seen: unknown[] = [];
    await tracking.run(async () => {
      const generator = open();
      tracking.clock.advance(1_000);
      for await (const number of generator) {
        seen.push(number);
        tracking.clock.advance(10);
        tracking.tracker.trackStage('CONSUMER', () => undefined);
      }
    });
    expect(seen).toEqual([1, 2, 3]);
    expect(tracking.tree).toBe(`ROOT(${stageId}(S1 S2 S3) CONSUMER CONSUMER CONSUMER)`);
    expect(tracking.stage(stageId)).toMatchObject({ outcome: 'ok', durationMs: 33, selfTimeMs: 30 });
  });

  it('passes on what is sent in and what is returned', async () => {
    const { tracking, numbers, open } = start();
    await tracking.run(async () => {
      const generator = open();
      const results = [
        await generator.next(),
        await generator.next('a'),
        await generator.next('b'),
        await generator.next('c'),
        await generator.next('d'),
      ];
      expect(results.map(({ value }) => value as unknown)).toEqual([1, 2, 3, 'end', undefined]);
    });
    expect(numbers.log).toEqual(['a', 'b', 'c', 'finally']);
  });

  it('is cancelled when the consumer breaks off, and its finally runs', async () => {
    const { tracking, numbers, open } = start();
    await tracking.run(async () => {
      for await (const _ of open()) break;
    });
    expect(numbers.log).toEqual(['finally']);
    expect(tracking.stage(stageId)).toMatchObject({ outcome: 'cancelled', success: true, durationMs: 1 });
  });

  it('fails when it throws, and the consumer gets the very same error', async () => {
    const { tracking, open } = start();
    await tracking.run(async () => {
      const consume = async (): Promise<void> => {
        for await (const _ of open(2)) tracking.clock.advance(10);
      };
      await expect(consume()).rejects.toBe(failure);
    });
    expect(tracking.stage(stageId)).toMatchObject({
      outcome: 'error',
      errorMessage: 'generator',
      durationMs: 22,
    });
  });

  it('leaves no stage when it is never iterated', () => {
    const { tracking, open } = start();
    tracking.run(() => {
      open();
      tracking.clock.advance(10);
    });
    expect(tracking.tree).toBe('ROOT');
    expect(tracking.all.stageIds).toEqual(['ROOT']);
    expect(tracking.root.selfTimeMs).toBe(10);
  });

  it('leaves no stage when it is returned or thrown into before the first next', async () => {
    const { tracking, numbers, open } = start();
    await tracking.run(async () => {
      expect(await open().return('early')).toEqual({ value: 'early', done: true });
      await expect((async () => open().throw(failure))()).rejects.toBe(failure);
    });
    expect([tracking.tree, numbers.log]).toEqual(['ROOT', []]);
  });

  it('is cancelled by return after a part, and answers what was returned', async () => {
    const { tracking, numbers, open } = start();
    await tracking.run(async () => {
      const generator = open();
      await generator.next();
      expect(await generator.return('enough')).toEqual({ value: 'enough', done: true });
      expect(await generator.next()).toEqual({ value: undefined, done: true });
    });
    expect(numbers.log).toEqual(['finally']);
    expect(tracking.stage(stageId).outcome).toBe('cancelled');
  });

  it('fails when an error is thrown into it after a part', async () => {
    const { tracking, numbers, open } = start();
    await tracking.run(async () => {
      const generator = open();
      await generator.next();
      await expect((async () => generator.throw(failure))()).rejects.toBe(failure);
    });
    expect(numbers.log).toEqual(['finally']);
    expect(tracking.stage(stageId)).toMatchObject({ outcome: 'error', errorMessage: 'generator' });
  });

  it('is closed as cancelled when the trace ends first, and can be read on', async () => {
    const { tracking, open } = start();
    const generator = await tracking.run(async () => {
      const opened = open();
      await opened.next();
      return { opened };
    });
    expect(tracking.stage(stageId).outcome).toBe('cancelled');
    expect(await generator.opened.next()).toMatchObject({ value: 2, done: false });
    expect(tracking.recorder.drops.lateStages).toBe(0);
  });

  it('gives back a generator of the same kind', async () => {
    const { tracking, numbers, open } = start();
    tracking.run(() => {
      const tracked = open();
      const tag = stageId === 'SYNC' ? '[object Generator]' : '[object AsyncGenerator]';
      expect(Object.prototype.toString.call(tracked)).toBe(tag);
      const method = stageId === 'SYNC' ? numbers.sync : numbers.async;
      expect(tracked).toBeInstanceOf(method);
      const iterator = stageId === 'SYNC' ? Symbol.iterator : Symbol.asyncIterator;
      expect((tracked as unknown as Record<symbol, () => unknown>)[iterator]?.()).toBe(tracked);
    });
  });
});

describe('a generator', () => {
  it('keeps its own context apart from that of its consumer', async () => {
    const tracking = new Tracking();
    const seen: unknown[] = [];
    await tracking.run(async () => {
      const generator = tracking.tracker.trackStage('A', async function* () {
        seen.push(currentStage()?.stageId);
        yield 1;
        await Promise.resolve();
        seen.push(currentStage()?.stageId);
      });
      for await (const _ of generator) seen.push(currentStage()?.stageId);
    });
    expect(seen).toEqual(['A', 'ROOT', 'A']);
  });

  it('that a promise brings is one stage with the time before it, and the wait for its use is not counted', async () => {
    const tracking = new Tracking();
    const numbers = new Numbers(tracking);
    await tracking.run(async () => {
      const generator = await numbers.later();
      tracking.clock.advance(1_000);
      for await (const _ of generator) tracking.clock.advance(10);
    });
    expect(tracking.tree).toBe('ROOT(LATER(ASYNC(S1 S2 S3)))');
    expect(tracking.stage('LATER')).toMatchObject({ outcome: 'ok', durationMs: 37, selfTimeMs: 4 });
    expect(tracking.stage('ASYNC').durationMs).toBe(33);
  });

  it('that a promise brings and nobody uses leaves the time before it', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      await new Numbers(tracking).later();
    });
    expect(tracking.tree).toBe('ROOT(LATER)');
    expect(tracking.stage('LATER')).toMatchObject({ outcome: 'ok', durationMs: 4 });
  });

  it('answers steps that are asked for without waiting in order', async () => {
    const tracking = new Tracking();
    await tracking.run(async () => {
      const generator = new Numbers(tracking).async();
      const steps = await Promise.all([
        generator.next(),
        generator.next(),
        generator.next(),
        generator.next(),
      ]);
      expect(steps.map(({ value }) => value)).toEqual([1, 2, 3, 'end']);
    });
    expect(tracking.stage('ASYNC').outcome).toBe('ok');
  });

  it('is followed through yield* and iterator helpers', () => {
    const tracking = new Tracking();
    const numbers = new Numbers(tracking);
    tracking.run(() => {
      const delegating = function* (): Generator<number> {
        yield* numbers.sync();
      };
      expect([...delegating()]).toEqual([1, 2, 3]);
      const helped = numbers.sync() as unknown as { map(fn: (n: number) => number): { toArray(): number[] } };
      expect(helped.map((number) => number * 2).toArray()).toEqual([2, 4, 6]);
    });
    expect(tracking.root.substages.map(({ stageId, outcome }) => [stageId, outcome])).toEqual([
      ['SYNC', 'ok'],
      ['SYNC', 'ok'],
    ]);
  });

  it('that is used in another trace is a stage of that trace', () => {
    const tracking = new Tracking();
    const opened = tracking.run(() => ({ generator: new Numbers(tracking).sync() }));
    expect(tracking.tree).toBe('ROOT');
    tracking.run(() => [...opened.generator]);
    expect(tracking.tree).toBe('ROOT(SYNC(S1 S2 S3))');
  });

  it('that is the result of a whole trace keeps it open until it has been read', () => {
    const tracking = new Tracking();
    const generator = tracking.tracker.runTrace('ROOT', () => new Numbers(tracking).sync(), {
      threadId: 't',
    });
    tracking.clock.advance(100);
    expect(tracking.recorder.openTraceCount).toBe(1);
    expect([...generator]).toEqual([1, 2, 3]);
    expect(tracking.recorder.openTraceCount).toBe(0);
    expect(tracking.root).toMatchObject({ outcome: 'ok', durationMs: 3 });
  });
});
