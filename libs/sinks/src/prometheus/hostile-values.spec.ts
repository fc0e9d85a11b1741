import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExecutionTracker, Recorder, type StageKind } from '@followspot/core';
import { ScrapedSink } from '../testing/scraped-sink.js';
import { stageOf, traceOf } from '../testing/stages.js';

const KINDS: StageKind[] = ['request', 'stream', 'internal', 'cache', 'retrieval', 'provider'];
const KEYS = [
  ...['method', 'route', 'statusCode', 'cache', 'hit', 'provider', 'model', 'tokenCost', 'apiCost'],
  ...['events', 'heartbeats', 'bytes', 'stalls', 'timeToFirstEventMs', 'abortLagMs'],
  ...['inputTokens', 'outputTokens', 'cachedInputTokens', 'reasoningTokens', 'usageSource'],
  ...['timeToFirstChunkMs', 'timeToFirstChunkFromRequestMs', 'chunks', 'gapMeanMs', 'operation'],
  ...['abandonedTokens', 'abandonedCost', 'costCurrency', 'responseModel'],
  ...['timeSavedMs', 'costSaved'],
];

const text = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    '',
    '"',
    '\\',
    '\n',
    '\ud800',
    '{}',
    'a"} 1',
  ),
  fc.string({ unit: 'binary' }),
);
const number = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, -0, Number.MAX_VALUE, 1e308),
  fc.double(),
);
const anything = fc.oneof(text, number, fc.boolean(), fc.constant(undefined), fc.object());

const attributes = fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), text), anything);
const stages = fc.record({
  kind: fc.constantFrom(...KINDS),
  stageId: text,
  durationMs: number,
  startedAt: number,
  outcome: fc.constantFrom('ok', 'error', 'cancelled'),
  ending: fc.constantFrom(undefined, 'completed', 'timeout', '__proto__'),
  attributes,
});

describe('Whatever a stage says', () => {
  it('a scrape stays readable, no number in it is negative or none, and no series is there twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stages, { maxLength: 20 }), async (hostile) => {
        const scraped = new ScrapedSink({ genAi: 'both' });
        const stream = scraped.sink.streamOpened('__proto__');
        // Twice: some numbers harm only a sum.
        for (const { kind, attributes: said, ...more } of [...hostile, ...hostile]) {
          stream.gap(more.durationMs);
          try {
            const trace = { ...traceOf('failed', more.stageId), route: more.stageId, isAborted: true };
            scraped.record(stageOf(kind, said as never, more as never), trace);
          } catch (error) {
            // The engine counts it; nothing but a duration that is none may be refused.
            expect(error).toEqual(new RangeError('a duration is not a number from 0 to 2^53 - 1'));
          }
        }
        const own = (await scraped.lines()).filter((line) => !/^(process|nodejs)_/.test(line));
        const samples = own.map((line) => /^([a-z_0-9]+(?:\{.*\})?) (\S+)$/s.exec(line));
        expect(samples.filter((sample) => sample === null)).toEqual([]);
        for (const [, , value] of samples as RegExpExecArray[]) {
          expect(Number(value)).toBeGreaterThanOrEqual(0);
          expect(Number(value)).toBeLessThan(Infinity);
        }
        const onTheWire = samples.map((sample) => Buffer.from(sample![1]!).toString());
        expect(new Set(onTheWire).size).toBe(onTheWire.length);
        expect(Object.prototype).not.toHaveProperty('count');
      }),
      { numRuns: 60 },
    );
  });

  it.each([Number.MAX_VALUE, 1e308, Infinity])(
    'two costs of %p leave the sum as it is',
    async (tokenCost) => {
      const scraped = new ScrapedSink();
      for (const cost of [0.5, tokenCost, tokenCost]) {
        scraped.record(stageOf('provider', { provider: 'p', model: 'm', tokenCost: cost }));
      }
      expect(await scraped.value('token_cost_total{provider="p",model="m",currency="USD"}')).toBe(0.5);
    },
  );

  it('a request is not disturbed by a record that fails, and the failure is counted', () => {
    const scraped = new ScrapedSink();
    const recorder = new Recorder({ sampleRate: 1, sinks: [scraped.sink] });
    scraped.sink.record = () => {
      throw new Error('broken');
    };
    const tracker = new ExecutionTracker(recorder);
    expect(tracker.runTrace('JOB', () => 42)).toBe(42);
    recorder.deliver();
    expect(recorder.drops.internalErrors).toBe(1);
  });
});

describe('The number of series', () => {
  const seriesOf = async (scraped: ScrapedSink): Promise<number> => {
    await scraped.lines();
    return scraped.value('followspot_series');
  };

  it('ends growing at 256 values of a label; the 257th is `other`, and every one like it is counted', async () => {
    const scraped = new ScrapedSink();
    for (let n = 0; n < 5_000; n += 1) scraped.record(stageOf('internal', {}, { stageId: `STAGE_${n}` }));
    const totals = await scraped.of('request_stage_duration_ms_count');
    expect(totals).toHaveLength(257);
    expect(totals).toContain('{stage="other"} 4744');
    expect(await scraped.value('followspot_dropped_total{what="labelValues"}')).toBe(4_744);
  });

  it.each<[string, StageKind, (n: number) => Record<string, string | number>]>([
    ['routes', 'request', (n) => ({ method: 'GET', route: `/${n}`, statusCode: 200 })],
    ['methods', 'request', (n) => ({ method: `M${n}`, route: '/', statusCode: 200 })],
    ['statuses', 'request', (n) => ({ method: 'GET', route: '/', statusCode: n })],
    ['routes of streams', 'stream', (n) => ({ route: `/${n}` })],
    ['providers', 'provider', (n) => ({ provider: `p${n}`, model: 'm' })],
    ['models', 'provider', (n) => ({ provider: 'p', model: `m${n}` })],
    ['providers and models', 'provider', (n) => ({ provider: `p${n % 200}`, model: `m${n}` })],
    [
      'currencies',
      'provider',
      (n) => ({ provider: 'p', model: `m${n % 300}`, tokenCost: 1, costCurrency: `C${n}` }),
    ],
    ['caches', 'cache', (n) => ({ cache: `c${n}`, hit: n % 2 })],
  ])('is the same after 5,000 and after 10,000 %s', async (_, kind, attributesOf) => {
    const scraped = new ScrapedSink({ genAi: 'both' });
    const flood = (from: number): void => {
      for (let n = from; n < from + 5_000; n += 1) {
        const trace = { ...traceOf(), route: `/${n % 300}`, isAborted: true };
        scraped.record(stageOf(kind, attributesOf(n), { ending: 'completed' }), trace);
      }
    };
    flood(0);
    const before = await seriesOf(scraped);
    flood(5_000);
    expect(await seriesOf(scraped)).toBe(before);
  });

  it('has a bound for combinations too; what is one too many counts as `other`, and nothing is lost', async () => {
    const scraped = new ScrapedSink({ labelSets: 10 });
    for (let n = 0; n < 100; n += 1) {
      scraped.record(stageOf('request', { method: 'GET', route: `/${n % 20}`, statusCode: 200 }));
    }
    const totals = await scraped.of('http_requests_total');
    expect(totals).toHaveLength(11);
    expect(totals).toContain('{method="GET",route="other",status_class="2xx"} 50');
    expect(await scraped.value('followspot_dropped_total{what="labelSets"}')).toBe(10);
  });

  it('beyond that bound errors count where their requests do', async () => {
    const scraped = new ScrapedSink({ labelSets: 2 });
    for (const [route, statusCode] of [
      ['/a', 200],
      ['/a', 404],
      ['/a', 500],
      ['/b', 500],
      ['/b', 200],
    ] as const) {
      const outcome = statusCode >= 400 ? 'error' : 'ok';
      scraped.record(stageOf('request', { method: 'GET', route, statusCode }, { outcome }));
    }
    expect(await scraped.of('http_requests_total')).toEqual([
      '{method="GET",route="/a",status_class="2xx"} 1',
      '{method="GET",route="/a",status_class="4xx"} 1',
      '{method="GET",route="other",status_class="5xx"} 2',
      '{method="GET",route="other",status_class="2xx"} 1',
    ]);
    expect(await scraped.of('http_errors_total')).toEqual([
      '{method="GET",route="/a"} 1',
      '{method="GET",route="other"} 2',
    ]);
  });

  it('beyond that bound what a provider cost is not what others cost', async () => {
    const scraped = new ScrapedSink({ labelSets: 1 });
    for (const [provider, model, cost] of [
      ['a', 'm', 1],
      ['a', 'n', 2],
      ['b', 'm', 4],
      ['c', 'm', undefined],
    ] as const) {
      const costs = cost === undefined ? {} : { tokenCost: cost, apiCost: cost * 10 };
      scraped.record(stageOf('provider', { provider, model, ...costs }));
    }
    const { a, b, c } = scraped.sink.summary().providers;
    expect(a!.costs).toEqual({ USD: { tokenCost: 3, apiCost: 30 } });
    expect(b!.costs).toEqual({ USD: { tokenCost: 4, apiCost: 40 } });
    expect(c!.costs).toEqual({});
    expect(await scraped.of('token_cost_total')).toEqual([
      '{provider="a",model="m",currency="USD"} 1',
      '{provider="other",model="other",currency="USD"} 6',
    ]);
  });

  it('beyond that bound amounts of different currencies are still not added', async () => {
    const scraped = new ScrapedSink({ labelSets: 1 });
    for (const costCurrency of ['USD', 'EUR', 'CHF', 'EUR']) {
      const spent = { provider: 'p', model: 'm', tokenCost: 1, abandonedCost: 1, costCurrency };
      scraped.record(stageOf('provider', spent), { ...traceOf(), route: '/', isAborted: true });
    }
    const expected = (labels: string, others: string): string[] => [
      `{${labels},currency="USD"} 1`,
      `{${others},currency="EUR"} 2`,
      `{${others},currency="CHF"} 1`,
    ];
    const others = 'provider="other",model="other"';
    expect(await scraped.of('token_cost_total')).toEqual(expected('provider="p",model="m"', others));
    expect(await scraped.of('provider_abandoned_cost_total')).toEqual(
      expected('provider="p",model="m",route="/"', `${others},route="other"`),
    );
  });

  it('has bounds that can be set', async () => {
    const scraped = new ScrapedSink({ labelValues: 2 });
    for (const cache of ['a', 'b', 'c', 'd']) scraped.record(stageOf('cache', { cache, hit: true }));
    expect(await scraped.of('cache_hits_total')).toEqual([
      '{cache="a"} 1',
      '{cache="b"} 1',
      '{cache="other"} 2',
    ]);
  });
});
