import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noDrops } from '../drop-counts.js';
import { executionSummary, type TraceHeader } from '../trace/execution-summary.js';
import { STAGE_KINDS, type StageExecution } from '../stage/stage-execution.js';
import { executionOf } from '../testing/execution.js';
import { History } from './history.js';
import { ENDINGS, KEPT_BECAUSE, OUTCOMES } from './record-codes.js';

const text = fc.oneof(
  fc.constantFrom('', 'A', 'é', 'ÿ', 'Ā', '名前', '🎭', '\ud800', '__proto__', 'a\u0000b'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
/** No difference of times is -0, see `microseconds`. */
const double = fc.double().filter((value) => !Object.is(value, -0));
/** Milliseconds as the engine makes them, up to weeks; and what no clock should say. */
const duration = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 5_000_000 }).map((whole) => whole / 1_000) },
  { weight: 1, arbitrary: fc.maxSafeNat().map((whole) => whole / 1_000_000) },
  { weight: 1, arbitrary: double },
);
const wallTime = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .integer({ min: -5_000_000, max: 5_000_000 })
      .map((whole) => (1_795_000_000_000_000 + whole) / 1_000),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
  { weight: 1, arbitrary: double },
);
const attributes = fc.dictionary(
  text,
  fc.oneof(text, fc.string({ minLength: 60, maxLength: 70 }), fc.double(), fc.maxSafeInteger(), fc.boolean()),
  { maxKeys: 4, noNullPrototype: true },
);
/** Some that stages share, and some of their own. */
const metadata = fc.oneof(
  fc.constantFrom<object[]>({}, { shared: true }),
  fc.dictionary(text, fc.anything()),
);
const causes = fc.array(text, { minLength: 1, maxLength: 5 });

const execution: fc.Arbitrary<StageExecution> = fc
  .record(
    {
      stageId: fc.constantFrom('A', 'B', '2.1_L1_CACHE_LOOKUP', 'other'),
      stageName: fc.oneof(fc.constantFrom('A', 'B'), text),
      kind: fc.constantFrom(...STAGE_KINDS),
      outcome: fc.constantFrom(...OUTCOMES),
      durationMs: duration,
      selfTimeMs: duration,
      startedAt: wallTime,
      ending: fc.constantFrom(...ENDINGS),
      errorType: fc.option(text, { nil: undefined }),
      errorMessage: fc.option(text, { nil: undefined }),
      errorStatus: fc.constantFrom(undefined, 100, 503),
      errorCauses: fc.option(causes, { nil: undefined }),
      attributes,
      metadata,
      running: fc.constant(true as const),
    },
    { requiredKeys: ['outcome', 'durationMs', 'selfTimeMs', 'startedAt'] },
  )
  .map((given) => {
    // A status and causes are those of an error, see `StageExecution`.
    const { errorType, errorMessage } = given;
    const hasNoError = errorType === undefined && errorMessage === undefined;
    const error = hasNoError ? { errorStatus: undefined, errorCauses: undefined } : {};
    return executionOf({ ...(given as StageExecution), success: given.outcome !== 'error', ...error });
  });

/** A tree of any form: each stage below one of those before it. */
const tree = fc
  .array(fc.tuple(execution, fc.nat()), { minLength: 1, maxLength: 40 })
  .map(([[root] = [executionOf()], ...others]) => {
    const all = [{ ...root, substages: [] as StageExecution[] }];
    for (const [stage, above] of others) {
      const substage = { ...stage, substages: [] as StageExecution[] };
      all[above % all.length]?.substages.push(substage);
      all.push(substage);
    }
    return all[0] ?? executionOf();
  });

const header: fc.Arbitrary<TraceHeader> = fc.record({
  traceId: text,
  threadId: text,
  startedAt: wallTime,
  droppedStages: fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat()),
  keptBecause: fc.constantFrom(...KEPT_BECAUSE),
});

function backFrom(history: History, trace: TraceHeader): unknown {
  return history.latest(trace.threadId);
}

describe('what the history takes in', () => {
  it('comes back as it was, for any tree, also between other traces', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(header, tree), { minLength: 1, maxLength: 6 }), (traces) => {
        const history = new History(100, noDrops());
        for (const [trace, root] of traces) {
          history.add(trace, root);
          expect(backFrom(history, trace)).toStrictEqual(executionSummary(trace, root, false));
        }
        for (const [trace] of traces) {
          const [latest, root] = traces.findLast(([{ threadId }]) => threadId === trace.threadId)!;
          expect(backFrom(history, trace)).toStrictEqual(executionSummary(latest, root, false));
        }
      }),
      { numRuns: 500 },
    );
  });

  const trace: TraceHeader = {
    traceId: 'T',
    threadId: 't',
    startedAt: 1_795_000_000_000.125,
    droppedStages: 0,
    keptBecause: 'failed',
  };

  it.each([
    ['0', 0],
    ['a microsecond', 0.001],
    ['what takes one byte at most', 0.127],
    ['what takes two', 0.128],
    ['32 bits of microseconds and one more', (2 ** 32 + 1) / 1_000],
    ['70 years', 70 * 365 * 24 * 3_600_000],
    ['half a microsecond', 0.000_5],
    ['less than nothing', -1],
    ['Infinity', Infinity],
    ['NaN', NaN],
  ])('has the duration it had: %s', (_, durationMs) => {
    const history = new History(1, noDrops());
    history.add(trace, executionOf({ durationMs, selfTimeMs: 0, startedAt: trace.startedAt }));
    expect(history.latest('t')?.stages[0]?.durationMs).toBe(durationMs);
  });

  it('has its attributes in the order in which they were set', () => {
    const attributes = {
      route: '/a',
      'b.c': -0.5,
      7: true,
      hit: false,
      key: 'x'.repeat(65),
      zero: -0,
      name: '名',
    };
    const history = new History(1, noDrops());
    history.add(trace, executionOf({ attributes }));
    const found = history.latest('t')?.stages[0]?.attributes;
    expect(found).toStrictEqual(attributes);
    expect(Object.entries(found ?? {})).toEqual(Object.entries(attributes));
  });

  it('has all its stages where they were, 10,000 side by side or each inside the other', () => {
    const stageOf = (number: number, substages: readonly StageExecution[]): StageExecution =>
      executionOf({ startedAt: trace.startedAt + number, durationMs: number, substages });
    const wide = stageOf(
      0,
      Array.from({ length: 10_000 }, (_, number) => stageOf(number, [])),
    );
    let deep = stageOf(10_000, []);
    for (let number = 9_999; number >= 0; number -= 1) deep = stageOf(number, [deep]);
    const history = new History(2, noDrops());
    history.add({ ...trace, threadId: 'wide' }, wide);
    history.add({ ...trace, threadId: 'deep' }, deep);
    expect(history.latest('wide')?.stages[0]).toEqual(wide);
    expect(history.latest('wide')?.stageCount).toBe(10_001);
    // Jest compares trees by recursion.
    let expected: StageExecution | undefined = deep;
    let found = history.latest('deep')?.stages[0];
    while (expected !== undefined) {
      expect([found?.durationMs, found?.substages.length]).toEqual([
        expected.durationMs,
        expected.substages.length,
      ]);
      [expected, found] = [expected.substages[0], found?.substages[0]];
    }
    expect(found).toBeUndefined();
  });

  it('is read as objects of its own each time, so that no reader changes what the next one reads', () => {
    const history = new History(1, noDrops());
    history.add(trace, executionOf({ substages: [executionOf()] }));
    const first = history.latest('t')!;
    (first.stages[0]!.substages as StageExecution[]).length = 0;
    expect(history.latest('t')?.stageCount).toBe(2);
  });
});
