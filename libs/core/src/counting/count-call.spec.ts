import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { currentStage } from '../context/context.js';
import type { RecorderOptions } from '../recorder.js';
import { stageDefinition } from '../stage/stage-definition.js';
import type { StageOptions } from '../stage/stage-definition.js';
import type { StageKind } from '../stage/stage-execution.js';
import { CollectingSink } from '../testing/collecting-sink.js';
import { CountingSink } from '../testing/counting-sink.js';
import { Tracking } from '../testing/tracking.js';
import { unhandledRejectionsOf } from '../testing/unhandled-rejections.js';
import { TrackStage } from '../track-stage.js';

/** Tracking that keeps nothing and has a sink for all stages that can count, and whatever else is given. */
function counting(options: RecorderOptions = {}): { tracking: Tracking; sink: CountingSink } {
  const sink = new CountingSink();
  const { sinks = [], ...others } = options;
  const tracking = new Tracking({ sampleRate: 0, rescue: false, sinks: [sink, ...sinks], ...others }, 'kept');
  return { tracking, sink };
}

class Recursive {
  @TrackStage('DEEP')
  down(levels: number): number {
    return levels === 1 ? 1 : this.down(levels - 1) + 1;
  }
}

class Service {
  constructor(readonly tracking: Tracking) {}

  @TrackStage('METHOD')
  method(result: unknown): unknown {
    this.tracking.clock.advance(2);
    return result;
  }
}

describe('a stage of a trace that nobody keeps', () => {
  it('is counted where sinks need no more, in the context of the trace', () => {
    const { tracking, sink } = counting();
    const result = tracking.run(() => {
      tracking.clock.advance(1);
      return tracking.tracker.trackStage('A', () => {
        tracking.clock.advance(4.5);
        return currentStage()?.stageId;
      });
    });
    expect(result).toBe('ROOT');
    expect(sink.counted).toEqual([
      { stageId: 'A', kind: 'internal', outcome: 'ok', durationMs: 4.5, endedAt: tracking.clock.wallNow() },
    ]);
    expect(sink.recordedWords).toEqual(['ROOT ok']);
    expect(tracking.tracker.getStageStatistics('A')).toMatchObject({ executionCount: 1, p50DurationMs: 4.5 });
    expect(tracking.kept.stages).toEqual([]);
  });

  it('is counted as what it ended with, and throws the very same', () => {
    const { tracking, sink } = counting();
    const failure = new Error('failed');
    const abort = Object.assign(new Error('aborted'), { name: 'AbortError' });
    tracking.run(() => {
      for (const error of [failure, abort]) {
        expect(() =>
          tracking.tracker.trackStage('A', () => {
            throw error;
          }),
        ).toThrow(error);
      }
    });
    expect(sink.countedWords).toEqual(['A error', 'A cancelled']);
    expect(tracking.tracker.getStageStatistics('A')).toMatchObject({ errorCount: 1, cancelledCount: 1 });
  });

  it('that is a method gets its arguments and its own this', () => {
    const { tracking, sink } = counting();
    const value = {};
    expect(tracking.run(() => new Service(tracking).method(value))).toBe(value);
    expect(sink.counted).toMatchObject([{ stageId: 'METHOD', durationMs: 2 }]);
  });

  it('is counted when its promise settles, with the time since the call', async () => {
    const { tracking, sink } = counting();
    const gate = Promise.withResolvers<string>();
    const result = tracking.run(() => {
      const pending = new Service(tracking).method(gate.promise);
      tracking.clock.advance(3);
      gate.resolve('value');
      return pending;
    });
    expect(await result).toBe('value');
    expect(sink.counted).toMatchObject([{ stageId: 'METHOD', outcome: 'ok', durationMs: 5 }]);
    expect(sink.recordedWords).toEqual(['ROOT ok']);
  });

  it('is counted when its promise rejects, as what it rejects with, and rejects with the very same', async () => {
    const { tracking, sink } = counting();
    const abort = Object.assign(new Error('aborted'), { name: 'AbortError' });
    for (const failure of [new Error('failed'), abort]) {
      await expect(tracking.run(() => new Service(tracking).method(Promise.reject(failure)))).rejects.toBe(
        failure,
      );
    }
    expect(sink.countedWords).toEqual(['METHOD error', 'METHOD cancelled']);
    // Above the stage an abort that is not the request's is a failure like any other.
    expect(sink.recordedWords).toEqual(['ROOT error', 'ROOT error']);
  });

  it('is counted for itself, in whatever order promises settle and however often', async () => {
    const { tracking, sink } = counting();
    const { tracker, clock } = tracking;
    await tracking.run(async () => {
      for (let round = 1; round <= 3; round += 1) {
        const gates = [0, 1, 2].map(() => Promise.withResolvers<number>());
        const calls = gates.map(({ promise }, n) => {
          clock.advance(1);
          return tracker.trackStage(`S${n}`, () => promise);
        });
        const failure = new Error('failed');
        clock.advance(10 * round);
        gates[1]?.resolve(1);
        expect(await calls[1]).toBe(1);
        const another = tracker.trackStage('S3', () => Promise.resolve(3));
        gates[2]?.reject(failure);
        await expect(calls[2]).rejects.toBe(failure);
        gates[0]?.resolve(0);
        expect(await Promise.all([calls[0], another])).toEqual([0, 3]);
      }
    });
    const of = (round: number): string[] => [
      `S1 ok ${10 * round + 1}`,
      'S3 ok 0',
      `S2 error ${10 * round}`,
      `S0 ok ${10 * round + 2}`,
    ];
    expect(sink.counted.map((one) => `${one.stageId} ${one.outcome} ${one.durationMs}`)).toEqual(
      [1, 2, 3].flatMap(of),
    );
    expect(sink.recordedWords).toEqual(['ROOT ok']);
  });

  it('leaves a rejection that nobody handles unhandled, once', async () => {
    const { tracking } = counting();
    const failure = new Error('nobody');
    const unhandled = await unhandledRejectionsOf(() => {
      tracking.run(() => {
        void new Service(tracking).method(Promise.reject(failure));
      });
    });
    expect(unhandled).toEqual([failure]);
  });

  it('is recorded when its promise is none of the usual', async () => {
    const { tracking, sink } = counting();
    class Task extends Promise<number> {
      static override get [Symbol.species](): PromiseConstructor {
        throw new Error('no other promise');
      }
    }
    const carrying = Object.assign(Promise.resolve(1), { cancel: () => 'cancelled' });
    const task = Task.resolve(2);
    await tracking.run(async () => {
      const service = new Service(tracking);
      const derived = service.method(carrying) as typeof carrying;
      expect(derived.cancel()).toBe('cancelled');
      await derived;
      expect(service.method(task)).toBe(task);
    });
    expect(sink.counted).toEqual([]);
    expect(sink.recordedWords).toEqual(['METHOD ok', 'METHOD ok', 'ROOT ok']);
    expect(tracking.recorder.drops.internalErrors).toBe(1);
  });

  it('is recorded when its promise comes to a stream, from the call to the end of its use', async () => {
    const { tracking, sink } = counting();
    await tracking.run(async () => {
      const stream = await (new Service(tracking).method(Promise.resolve(numbers())) as Promise<
        Iterable<number>
      >);
      tracking.clock.advance(100);
      expect([...stream]).toEqual([1]);
    });
    expect(sink.counted).toEqual([]);
    expect(sink.recordedWords).toEqual(['METHOD ok', 'ROOT ok']);
    expect(sink.recorded[0]?.durationMs).toBe(2);
  });

  it('is recorded when it is a stream, without the time before its use', () => {
    const { tracking, sink } = counting();
    const produce = function* (): Generator<number> {
      tracking.clock.advance(5);
      yield 1;
    };
    tracking.run(() => {
      const numbers = new Service(tracking).method(produce()) as Generator<number>;
      tracking.clock.advance(100);
      expect([...numbers]).toEqual([1]);
    });
    expect(sink.recordedWords).toEqual(['METHOD ok', 'ROOT ok']);
    expect(sink.recorded[0]?.durationMs).toBe(7);
  });

  it('is closed with its trace when it is still running', () => {
    const { tracking, sink } = counting();
    void tracking.run(() => ({ running: new Service(tracking).method(new Promise(() => undefined)) }));
    expect(sink.recordedWords).toEqual(['METHOD cancelled', 'ROOT ok']);
  });

  it('that ends after its trace was cancelled with it, and is late', async () => {
    const { tracking, sink } = counting();
    const gate = Promise.withResolvers<string>();
    const { late } = tracking.run(() => {
      const late = new Service(tracking).method(gate.promise);
      tracking.clock.advance(3);
      return { late };
    });
    expect(sink.recordedWords).toEqual(['METHOD cancelled', 'ROOT ok']);
    expect(sink.recorded[0]?.durationMs).toBe(5);
    expect(tracking.recorder.drops.lateStages).toBe(0);
    gate.resolve('value');
    expect(await late).toBe('value');
    expect(sink.counted).toEqual([]);
    expect(sink.recorded).toHaveLength(2);
    expect(tracking.recorder.drops.lateStages).toBe(1);
  });

  it('is waited for when its trace is aborted', async () => {
    const { tracking, sink } = counting();
    const gates = [1, 2, 3].map(() => Promise.withResolvers<string>());
    const trace = tracking.recorder.openTrace(stageDefinition('ROOT'));
    const service = new Service(tracking);
    const results = trace.root!.run(() =>
      gates.map(({ promise }) => service.method(promise)),
    ) as Promise<string>[];
    gates[1]?.resolve('before');
    await results[1];
    expect(sink.countedWords).toEqual(['METHOD ok']);
    trace.abort(tracking.clock.now());
    const stopped = Promise.withResolvers<undefined>();
    trace.whenStopped(() => {
      trace.root?.cancel();
      stopped.resolve(undefined);
    });
    tracking.clock.advance(7);
    gates[0]?.resolve('after');
    await results[0];
    expect(trace.root).toBeDefined();
    gates[2]?.reject(new Error('heeds the signal'));
    await expect(results[2]).rejects.toThrow('heeds');
    await stopped.promise;
    expect(trace.windDown?.lagMs).toBe(7);
    expect(sink.recordedWords).toEqual(['METHOD ok', 'METHOD cancelled', 'ROOT cancelled']);
    expect(sink.recorded[0]?.attributes).toEqual({ abortLagMs: 7 });
  });

  it('is in the tree when it was running as somebody forced its trace, in the order of the calls', async () => {
    const { tracking, sink } = counting();
    const gates = ['A', 'B', 'C'].map((stageId) => ({ stageId, ...Promise.withResolvers<undefined>() }));
    await tracking.run(async () => {
      const [a, b, c] = gates.map(({ stageId, promise }) =>
        tracking.tracker.trackStage(stageId, () => promise),
      );
      gates[1]?.resolve(undefined);
      await b;
      tracking.tracker.forceTracking();
      for (const { resolve } of gates) resolve(undefined);
      await Promise.all([a, c]);
    });
    expect(sink.countedWords).toEqual(['B ok']);
    expect(tracking.tree).toBe('ROOT(A C)');
  });

  it('covers the time of its trace once when somebody forces that, whatever else was running', async () => {
    const work = fc.record({
      kind: fc.constantFrom<StageKind>('internal', 'cache'),
      fromMs: fc.nat(20),
      forMs: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 6 }), fc.nat(30), async (works, forceAtMs) => {
        // What has ended before is counted and covers nothing: here all counted calls go on until then.
        const spans = works.map(({ kind, fromMs, forMs }) => {
          const isCounted = kind === 'internal' && fromMs <= forceAtMs;
          return { kind, fromMs, untilMs: Math.max(fromMs + forMs, isCounted ? forceAtMs : 0) };
        });
        const { tracking } = counting();
        const running = new Map<object, () => Promise<unknown>>();
        let selfTimeMs = 0;
        await tracking.run(async () => {
          for (let ms = 0; ms <= 50; ms += 1) {
            for (const span of spans.filter(({ fromMs }) => fromMs === ms)) {
              const { promise, resolve } = Promise.withResolvers<undefined>();
              const result = tracking.tracker.trackStage('A', () => promise, { kind: span.kind });
              running.set(span, () => (resolve(undefined), result));
            }
            if (ms === forceAtMs) tracking.tracker.forceTracking();
            for (const span of spans.filter(({ untilMs }) => untilMs === ms)) await running.get(span)?.();
            if (!spans.some(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs)) selfTimeMs += 1;
            tracking.clock.advance(1);
          }
        });
        expect(tracking.root).toMatchObject({ durationMs: 51, selfTimeMs });
        expect(tracking.root.substages).toHaveLength(works.length);
      }),
    );
  });

  it('covers the time of its trace until that is aborted', () => {
    const { tracking, sink } = counting();
    const trace = tracking.recorder.openTrace(stageDefinition('ROOT'));
    void trace.root?.run(() => new Service(tracking).method(new Promise(() => undefined)));
    tracking.clock.advance(3);
    trace.abort(tracking.clock.now());
    trace.root?.cancel();
    expect(sink.recorded.at(-1)).toMatchObject({ stageId: 'ROOT', durationMs: 5, selfTimeMs: 0 });
  });

  it('leaves nothing behind in its trace, in whatever order promises settle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4, 5]), fc.nat(6), async (order, early) => {
        const { tracking, sink } = counting();
        const gates = [0, 1, 2, 3, 4, 5].map(() => Promise.withResolvers<number>());
        const settle = async (at: number): Promise<void> => {
          gates[at]?.resolve(at);
          expect(await results[at]).toBe(at);
        };
        let results: Promise<number>[] = [];
        await tracking.run(async () => {
          results = gates.map(({ promise }) => new Service(tracking).method(promise) as Promise<number>);
          for (const at of order.slice(0, early)) await settle(at);
        });
        const ended = Math.min(early, order.length);
        expect(sink.counted).toHaveLength(ended);
        expect(sink.recordedWords.filter((word) => word === 'METHOD cancelled')).toHaveLength(6 - ended);
        for (const at of order.slice(early)) await settle(at);
        expect(tracking.recorder.drops.lateStages).toBe(order.length - ended);
        expect(tracking.tracker.getStageStatistics('METHOD')).toMatchObject({ executionCount: 6 });
      }),
    );
  });

  it.each<[string, StageOptions<unknown, []>]>([
    ['a cache', { kind: 'cache' }],
    ['a provider', { kind: 'provider' }],
    ['a stream', { kind: 'stream' }],
    ['one that reads attributes', { attributes: () => ({ hit: true }) }],
  ])('is recorded when sinks read more of it: %s', (_, options) => {
    const { tracking, sink } = counting();
    tracking.run(() =>
      tracking.tracker.trackStage(
        'A',
        () => {
          tracking.tracker.setAttribute('key', 'value');
          tracking.tracker.trackStage('INSIDE', () => tracking.tracker.setAttribute('key', 'of INSIDE'));
          return 'value';
        },
        options,
      ),
    );
    // What is inside of such a stage keeps its attributes to itself.
    expect(sink.recordedWords).toEqual(['INSIDE ok', 'A ok', 'ROOT ok']);
    expect(sink.recorded[1]?.attributes).toMatchObject({ key: 'value' });
    expect(sink.counted).toEqual([]);
  });

  it.each<StageKind>(['cache', 'provider', 'stream'])(
    'keeps its attributes to itself below a root that sinks read more of: %s',
    (kind) => {
      const { tracking, sink } = counting();
      const { tracker } = tracking;
      const parse = (): unknown => tracker.trackStage('PARSE', () => tracker.setAttribute('tokenCost', 5));
      tracker.runTrace('ROOT', parse, { kind });
      expect(sink.counted).toEqual([]);
      expect(sink.recordedWords).toEqual(['PARSE ok', 'ROOT ok']);
      expect(sink.recorded.map(({ attributes }) => attributes['tokenCost'])).toEqual([5, undefined]);
    },
  );

  it('is told to the counter where there is rescue, too, if no more is known of it and it is not kept', () => {
    const { tracking, sink } = counting({ rescue: true, limits: { stageIds: 4 } });
    const { tracker } = tracking;
    const failure = new Error('failed');
    const stages = (): void => {
      tracker.trackStage('A', () => tracker.trackStage('INSIDE', () => tracking.clock.advance(2)));
      tracker.trackStage('B', () => {
        tracker.setAttribute('key', 'value');
      });
      tracker.trackStage('ONE_TOO_MANY', () => 1);
    };
    tracking.run(() => {
      stages();
      expect(() =>
        tracker.trackStage('A', () => {
          throw failure;
        }),
      ).toThrow(failure);
    });
    expect(sink.countedWords).toEqual(['INSIDE ok', 'A ok', 'other ok']);
    expect(sink.counted[1]).toMatchObject({ durationMs: 2, endedAt: tracking.clock.wallNow() });
    expect(sink.recordedWords).toEqual(['B ok', 'A error', 'ROOT ok']);
    expect(tracking.kept.stageIds).toEqual([]);
    expect(tracker.getStageStatistics('A')).toMatchObject({ executionCount: 2, errorCount: 1 });
    expect(tracking.recorder.drops).toMatchObject({ stageIds: 1, internalErrors: 0 });
    // Who is told of kept traces hears of all of them.
    expect(() =>
      tracking.run(() => {
        stages();
        throw failure;
      }),
    ).toThrow(failure);
    expect(tracking.kept.stageIds).toEqual(['INSIDE', 'A', 'B', 'other', 'ROOT']);
    expect(sink.countedWords).toHaveLength(6);
    expect(sink.recordedWords).toEqual(['B ok', 'A error', 'ROOT ok', 'B ok', 'ROOT error']);
  });

  it('is recorded where a sink cannot count, also where there is rescue, and in the sample', () => {
    const collecting = new CollectingSink('all');
    for (const options of [
      { sinks: [collecting] },
      { sinks: [new CollectingSink('all')], rescue: true },
      { sampleRate: 1 },
    ]) {
      const { tracking, sink } = counting(options);
      tracking.run(() => tracking.tracker.trackStage('A', () => 1));
      expect(sink.recordedWords).toEqual(['A ok', 'ROOT ok']);
      expect(sink.counted).toEqual([]);
    }
    expect(collecting.stageIds).toEqual(['A', 'ROOT']);
  });

  it('is recorded from when on somebody forces the trace', () => {
    const { tracking, sink } = counting();
    tracking.run(() => {
      tracking.tracker.trackStage('A', () => 1);
      expect(tracking.tracker.getExecutionSummary('t')).toBeUndefined();
      tracking.tracker.forceTracking();
      tracking.tracker.trackStage('B', () => 1);
    });
    expect(sink.countedWords).toEqual(['A ok']);
    expect(tracking.tree).toBe('ROOT(B)');
    expect(tracking.summary.keptBecause).toBe('forced');
  });
});

describe('counters', () => {
  it('are asked for once per stage id and recorder', () => {
    const one = counting();
    const other = counting();
    const definition = stageDefinition('A');
    for (const { tracking } of [one, other, one]) {
      const trace = tracking.recorder.openTrace(stageDefinition('ROOT'));
      expect(trace.counts(trace.root!)).toBe(true);
      trace.count(definition, 'ok', tracking.clock.now());
      tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    }
    expect([one.sink.asked, other.sink.asked]).toEqual([['A'], ['A']]);
    expect([one.sink.counted.length, other.sink.counted.length]).toEqual([4, 2]);
  });

  it('that throw, or cannot be had, harm nobody and are reported once', () => {
    const failure = new Error('down');
    const fail = (): never => {
      throw failure;
    };
    const reported: unknown[] = [];
    const { tracking, sink } = counting({
      sinks: [
        { name: 'none', scope: 'all', record: () => undefined, counterOf: fail },
        { name: 'faulty', scope: 'all', record: () => undefined, counterOf: () => fail },
      ],
      onInternalError: (place) => reported.push(place),
    });
    tracking.run(() => {
      for (const value of [1, 2]) expect(tracking.tracker.trackStage('A', () => value)).toBe(value);
    });
    expect(sink.countedWords).toEqual(['A ok', 'A ok']);
    expect(reported).toEqual(['sink none', 'sink faulty']);
    expect(tracking.recorder.drops.internalErrors).toBe(3);
  });

  it('that reject, or are promised, harm nobody either', async () => {
    const reported: unknown[] = [];
    const rejecting = (): Promise<never> => Promise.reject(new Error('down'));
    const { tracking, sink } = counting({
      sinks: [
        { name: 'promised', scope: 'all', record: () => undefined, counterOf: rejecting as never },
        { name: 'rejecting', scope: 'all', record: () => undefined, counterOf: () => rejecting },
      ],
      onInternalError: (place) => reported.push(place),
    });
    const unhandled = await unhandledRejectionsOf(() => {
      tracking.run(() => {
        for (const value of [1, 2]) expect(tracking.tracker.trackStage('A', () => value)).toBe(value);
      });
    });
    expect(unhandled).toEqual([]);
    expect(sink.countedWords).toEqual(['A ok', 'A ok']);
    expect(reported).toEqual(['sink promised', 'sink rejecting']);
    expect(tracking.recorder.drops.internalErrors).toBe(3);
  });

  it('do not feed themselves', () => {
    const { tracking, sink } = counting({
      sinks: [
        {
          name: 'tracking itself',
          scope: 'all',
          record: () => undefined,
          counterOf: () => () => {
            tracking.tracker.trackStage('INSIDE', () => undefined);
          },
        },
      ],
    });
    tracking.run(() => tracking.tracker.trackStage('A', () => 1));
    expect(sink.countedWords).toEqual(['A ok']);
  });

  it('know the bounds: stages per trace, stage ids, what ends after its trace', () => {
    const { tracking, sink } = counting({ limits: { stagesPerTrace: 4, stageIds: 2 } });
    const { tracker } = tracking;
    tracking.run(() => {
      for (const stageId of ['A', 'B', 'not an id', 'A']) tracker.trackStage(stageId, () => 1);
    });
    expect(sink.countedWords).toEqual(['A ok', 'other ok', 'other ok']);
    expect(tracker.getDropCounts()).toMatchObject({ stages: 1, stageIds: 2, lateStages: 0 });
    const trace = tracking.recorder.openTrace(stageDefinition('ROOT'));
    trace.root?.run(() =>
      tracker.trackStage('A', () => {
        trace.root?.succeed();
      }),
    );
    expect(sink.countedWords.at(-1)).toBe('A cancelled');
    expect(tracker.getDropCounts().lateStages).toBe(1);
  });

  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.resolve(1)],
    ['a stream', numbers],
    ['an object', () => ({})],
  ])('know that what ended its own trace and returns %s is late', (_, make) => {
    const { tracking, sink } = counting();
    const trace = tracking.recorder.openTrace(stageDefinition('ROOT'));
    const result = make();
    const returned = trace.root?.run(() =>
      tracking.tracker.trackStage('A', () => {
        trace.root?.succeed();
        return result;
      }),
    );
    expect(returned).toBe(result);
    expect([sink.countedWords, sink.recordedWords]).toEqual([['A cancelled'], ['ROOT ok']]);
    expect(tracking.tracker.getDropCounts()).toMatchObject({ lateStages: 1, internalErrors: 0 });
  });

  it('know how deep a recursion is, which is as deep as it is recorded; further calls are plain ones', () => {
    const recursive = new Recursive();
    for (const levels of [150, 3_000]) {
      const { tracking, sink } = counting();
      expect(tracking.run(() => recursive.down(levels))).toBe(levels);
      expect(sink.counted).toHaveLength(100);
      expect(tracking.recorder.drops.stages).toBe(levels - 100);
    }
  });

  it('know how deep it is also after it failed, and where a stage is recorded in between', () => {
    const { tracking, sink } = counting({ limits: { stageDepth: 3 } });
    const { tracker } = tracking;
    const recursive = new Recursive();
    class Failing {
      @TrackStage('FAILING')
      fail(): never {
        throw new Error('failed');
      }
    }
    tracking.run(() => {
      for (let time = 0; time < 5; time += 1) expect(() => new Failing().fail()).toThrow('failed');
      const inside = (): unknown => tracker.trackStage('LOOKUP', () => recursive.down(2), { kind: 'cache' });
      tracker.trackStage('OUTSIDE', inside);
    });
    expect(sink.countedWords).toEqual([...Array<string>(5).fill('FAILING error'), 'OUTSIDE ok']);
    expect(sink.recordedWords).toEqual(['DEEP ok', 'LOOKUP ok', 'ROOT ok']);
    expect(tracking.recorder.drops.stages).toBe(1);
  });

  it('come to what records come to, whatever the stages are', async () => {
    const kind = fc.constantFrom('internal', 'retrieval', 'cache', 'provider');
    const result = fc.constantFrom(
      'value',
      'throws',
      'promise',
      'rejects',
      'generator',
      'unused',
      'late',
      'promised',
    );
    const leaf = fc.record({ kind, result, inside: fc.constant<Node[]>([]) });
    const node = fc.record({ kind, result, inside: fc.array(leaf, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(node, { maxLength: 5 }), async (nodes) => {
        const counted = counting();
        const recorded = counting({ sinks: [new CollectingSink('all')] });
        for (const { tracking } of [counted, recorded]) await tracking.run(() => runAll(tracking, nodes));
        const words = ({ sink }: typeof counted): string[] =>
          [...sink.countedWords, ...sink.recordedWords].toSorted();
        expect(words(counted)).toEqual(words(recorded));
        expect(counted.tracking.recorder.drops).toEqual(recorded.tracking.recorder.drops);
        expect(counted.tracking.recorder.openTraceCount).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

interface Node {
  readonly kind: 'internal' | 'retrieval' | 'cache' | 'provider';
  readonly result: string;
  readonly inside: readonly Node[];
}

function* numbers(): Generator<number> {
  yield 1;
}

async function runAll(tracking: Tracking, nodes: readonly Node[]): Promise<void> {
  for (const [index, { kind, result, inside }] of nodes.entries()) {
    const failure = new Error('failed');
    const work = (): unknown => {
      for (const { kind: kindInside, result: resultInside } of inside) {
        tracking.tracker.trackStage(`IN_${resultInside}`, () => kindInside, { kind: kindInside });
      }
      if (result === 'throws') throw failure;
      if (result === 'promise') return runAll(tracking, inside);
      if (result === 'rejects') return Promise.reject(failure);
      if (result === 'generator' || result === 'unused') return numbers();
      if (result === 'promised') return Promise.resolve(numbers());
      return index;
    };
    if (result === 'late') {
      void tracking.tracker.trackStage(`S_${result}`, () => new Promise(() => undefined), { kind });
      continue;
    }
    try {
      const come = await tracking.tracker.trackStage(`S_${result}`, work, { kind });
      if (result === 'generator' || result === 'promised') for (const _ of come as Iterable<unknown>);
    } catch (error) {
      expect(error).toBe(failure);
    }
  }
}
