import { describe, expect, it } from '@jest/globals';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { noDrops } from '../testing/drops.js';
import { ScrapedSink } from '../testing/scraped-sink.js';
import { stageOf, traceOf } from '../testing/stages.js';
import { METRICS } from './metric-table.js';
import { PrometheusSink } from './prometheus-sink.js';

const request = { method: 'GET', route: '/items/:id', statusCode: 200 };

describe('An ended request', () => {
  it('is counted by method, route and class of status, and its duration put into seconds', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request, { durationMs: 30 }));
    const labels = '{method="GET",route="/items/:id",status_class="2xx"}';
    expect(await scraped.of('http_requests_total')).toEqual([`${labels} 1`]);
    expect(await scraped.of('http_request_duration_seconds_sum')).toEqual([`${labels} 0.03`]);
    expect(await scraped.value(bucket('0.025', labels))).toBe(0);
    expect(await scraped.value(bucket('0.05', labels))).toBe(1);
    expect(await scraped.value(bucket('+Inf', labels))).toBe(1);
  });

  it('that took as long as a bound is in the bucket of that bound', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request, { durationMs: 25 }));
    expect(await scraped.value(bucket('0.025', '{method="GET",route="/items/:id",status_class="2xx"}'))).toBe(
      1,
    );
  });

  it.each([
    [200, '2xx'],
    [304, '3xx'],
    [404, '4xx'],
    [599, '5xx'],
    [101, '1xx'],
    [undefined, 'none'],
    [600, 'none'],
    [0, 'none'],
    ['200', 'none'],
  ])('with the status %p is of the class %s', async (statusCode, expected) => {
    const scraped = new ScrapedSink();
    const { statusCode: _, ...unanswered } = request;
    const attributes = statusCode === undefined ? unanswered : { ...request, statusCode };
    scraped.record(stageOf('request', attributes));
    expect(await scraped.of('http_requests_total')).toEqual([
      `{method="GET",route="/items/:id",status_class="${expected}"} 1`,
    ]);
  });

  it('that failed raises the error count and the rate, and one that was cancelled does not', async () => {
    const scraped = new ScrapedSink();
    expect(await scraped.value('http_error_rate')).toBe(0);
    for (const outcome of ['ok', 'cancelled', 'ok', 'error'] as const) {
      scraped.record(stageOf('request', request, { outcome }));
    }
    expect(await scraped.of('http_errors_total')).toEqual(['{method="GET",route="/items/:id"} 1']);
    expect(await scraped.value('http_error_rate')).toBe(0.25);
  });

  it('shows its percentiles in milliseconds, within 3 %', async () => {
    const scraped = new ScrapedSink();
    for (let durationMs = 1; durationMs <= 100; durationMs += 1) {
      scraped.record(stageOf('request', request, { durationMs }));
    }
    const p50 = await scraped.value('http_request_duration_p50_ms{route="/items/:id"}');
    const p95 = await scraped.value('http_request_duration_p95_ms{route="/items/:id"}');
    expect(Math.abs(p50 - 50)).toBeLessThanOrEqual(1.5);
    expect(Math.abs(p95 - 95)).toBeLessThanOrEqual(3);
  });

  it('whose answer was a stream counts, but leaves the durations of requests alone', async () => {
    const scraped = new ScrapedSink();
    const stream = stageOf('stream', { route: '/search' }, { ending: 'completed', durationMs: 60_000 });
    scraped.record(stageOf('request', request, { substages: [stream], durationMs: 60_000 }));
    expect(await scraped.of('http_requests_total')).toHaveLength(1);
    expect(await scraped.of('http_request_duration_seconds_count')).toEqual([]);
    expect(await scraped.of('http_request_duration_p95_ms')).toEqual([]);
  });

  it('whose stream was refused before it began is a request like any other', async () => {
    const scraped = new ScrapedSink();
    const refused = stageOf('stream', { route: '/search' }, { outcome: 'error' });
    scraped.record(refused);
    scraped.record(stageOf('request', { ...request, statusCode: 400 }, { substages: [refused] }));
    expect(await scraped.of('http_request_duration_seconds_count')).toHaveLength(1);
    expect(await scraped.of('sse_connections_closed_total')).toEqual([]);
  });

  it('is counted by why its trace was kept', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request), traceOf('sampled'));
    scraped.record(stageOf('request', request), traceOf('slow'));
    scraped.record(stageOf('request', request), traceOf());
    scraped.record(stageOf('internal'), traceOf('sampled'));
    expect(await scraped.of('trace_requests_total')).toEqual([
      '{kept="sampled"} 1',
      '{kept="forced"} 0',
      '{kept="failed"} 0',
      '{kept="slow"} 1',
      '{kept="abandoned"} 0',
      '{kept="none"} 1',
    ]);
  });
});

describe('An ended stream', () => {
  const figures = { events: 3, heartbeats: 2, bytes: 100, stalls: 1, timeToFirstEventMs: 40, abortLagMs: 7 };

  it('adds its figures to those of its route', async () => {
    const scraped = new ScrapedSink();
    for (const ending of ['completed', 'client_disconnect'] as const) {
      scraped.record(stageOf('stream', { ...figures, route: '/search' }, { ending, durationMs: 2_000 }));
    }
    const route = '{route="/search"}';
    expect(await scraped.value(`sse_events_total${route}`)).toBe(6);
    expect(await scraped.value(`sse_heartbeats_total${route}`)).toBe(4);
    expect(await scraped.value(`sse_stream_bytes_total${route}`)).toBe(200);
    expect(await scraped.value(`sse_stalls_total${route}`)).toBe(2);
    expect(await scraped.value(`sse_time_to_first_event_seconds_sum${route}`)).toBeCloseTo(0.08);
    expect(await scraped.value(`sse_abort_lag_seconds_sum${route}`)).toBeCloseTo(0.014);
    const closed = '{route="/search",ending="client_disconnect"}';
    expect(await scraped.value(`sse_connections_closed_total${closed}`)).toBe(1);
    expect(await scraped.value(`sse_stream_duration_seconds_sum${closed}`)).toBe(2);
  });

  it('shows all seven endings from the first one on, so that a rate has something to start from', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('stream', { route: '/search' }, { ending: 'timeout' }));
    expect(await scraped.of('sse_connections_closed_total')).toHaveLength(7);
  });

  it('without a first event has no time to it', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('stream', { route: '/search', events: 0 }, { ending: 'client_disconnect' }));
    expect(await scraped.of('sse_time_to_first_event_seconds_count')).toEqual([]);
  });
});

describe('An open stream', () => {
  it('is active until it is closed, however often it is told so', async () => {
    const scraped = new ScrapedSink();
    const streams = [scraped.sink.streamOpened('/search'), scraped.sink.streamOpened('/search')];
    expect(await scraped.value('sse_connections_active{route="/search"}')).toBe(2);
    streams[0]!.closed();
    streams[0]!.closed();
    expect(await scraped.value('sse_connections_active{route="/search"}')).toBe(1);
    expect(await scraped.value('sse_connections_total{route="/search"}')).toBe(2);
  });

  it('shows the gaps between its events while it is open', async () => {
    const scraped = new ScrapedSink();
    const stream = scraped.sink.streamOpened('/search');
    for (const gapMs of [20, 30, 2_000]) stream.gap(gapMs);
    const route = '{route="/search"}';
    expect(await scraped.value(`sse_event_gap_seconds_count${route}`)).toBe(3);
    expect(await scraped.value(`sse_event_gap_seconds_sum${route}`)).toBeCloseTo(2.05);
    expect(await scraped.value('sse_event_gap_seconds_bucket{le="0.05",route="/search"}')).toBe(2);
  });

  it('loses none of many gaps, and counts none twice, however often it is scraped', async () => {
    const scraped = new ScrapedSink();
    const stream = scraped.sink.streamOpened('/search');
    for (let gap = 1; gap <= 1_000; gap += 1) {
      stream.gap(10);
      if (gap % 300 === 0) await scraped.value('sse_event_gap_seconds_count{route="/search"}');
    }
    expect(await scraped.value('sse_event_gap_seconds_count{route="/search"}')).toBe(1_000);
    expect(await scraped.value('sse_event_gap_seconds_sum{route="/search"}')).toBeCloseTo(10);
  });
});

describe('A cache look-up', () => {
  it('hits or misses, and one that failed does neither', async () => {
    const scraped = new ScrapedSink();
    for (const hit of [true, true, false]) scraped.record(stageOf('cache', { cache: 'l1', hit }));
    scraped.record(stageOf('cache', { cache: 'l1' }, { outcome: 'error' }));
    expect(await scraped.value('cache_hits_total{cache="l1"}')).toBe(2);
    expect(await scraped.value('cache_misses_total{cache="l1"}')).toBe(1);
    expect(await scraped.value('cache_lookup_duration_seconds_count{cache="l1",result="hit"}')).toBe(2);
  });
});

describe('A hit that says what it has saved', () => {
  it('adds it to the totals of its cache, for scrapes and for people', async () => {
    const scraped = new ScrapedSink();
    const hits = [
      ...[
        {},
        { timeSavedMs: 1_500, costSaved: 0.25 },
        { timeSavedMs: 500 },
        { timeSavedMs: -1, costSaved: -1 },
      ],
      { costSaved: 2, costCurrency: 'EUR' },
    ];
    for (const saved of hits) scraped.record(stageOf('cache', { cache: 'l1', hit: true, ...saved }));
    expect(await scraped.value('cache_time_saved_seconds_total{cache="l1"}')).toBe(2);
    expect(await scraped.of('cache_cost_saved_total')).toEqual([
      '{cache="l1",currency="USD"} 0.25',
      '{cache="l1",currency="EUR"} 2',
    ]);
    expect(scraped.sink.summary().caches).toEqual({
      l1: { hitRate: 1, timeSavedSeconds: 2, costSaved: { USD: 0.25, EUR: 2 } },
    });
  });

  it('adds it as the decimal that it is', async () => {
    const scraped = new ScrapedSink();
    const saved = { cache: 'l1', hit: true, timeSavedMs: 100.1, costSaved: 0.000_020_5 };
    for (let count = 0; count < 3; count += 1) scraped.record(stageOf('cache', saved));
    expect(await scraped.of('cache_time_saved_seconds_total')).toEqual(['{cache="l1"} 0.3003']);
    expect(await scraped.of('cache_cost_saved_total')).toEqual(['{cache="l1",currency="USD"} 0.0000615']);
    expect(scraped.sink.summary().caches['l1']).toMatchObject({
      timeSavedSeconds: 0.3003,
      costSaved: { USD: 0.000_061_5 },
    });
  });

  it('is the first of which anything is told: before, it is not known, which is not 0', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('cache', { cache: 'l1', hit: true }));
    expect(await scraped.of('cache_time_saved_seconds_total')).toEqual([]);
    expect(await scraped.of('cache_cost_saved_total')).toEqual([]);
    expect(scraped.sink.summary().caches).toEqual({ l1: { hitRate: 1 } });
    scraped.record(stageOf('cache', { cache: 'l1', hit: true, costSaved: 0 }));
    expect(await scraped.of('cache_cost_saved_total')).toEqual(['{cache="l1",currency="USD"} 0']);
  });
});

describe('Every ended stage', () => {
  it('is counted by outcome and timed in milliseconds, whether its trace is kept or not', async () => {
    const scraped = new ScrapedSink();
    for (const outcome of ['ok', 'error', 'cancelled', 'ok'] as const) {
      scraped.record(stageOf('internal', {}, { stageId: '1.0_PARSE', outcome, durationMs: 3 }));
    }
    expect(await scraped.of('request_stages_total')).toEqual([
      '{stage="1.0_PARSE",outcome="ok"} 2',
      '{stage="1.0_PARSE",outcome="error"} 1',
      '{stage="1.0_PARSE",outcome="cancelled"} 1',
    ]);
    expect(await scraped.value('request_stage_success_rate{stage="1.0_PARSE"}')).toBe(0.75);
    expect(await scraped.value('request_stage_duration_ms_sum{stage="1.0_PARSE"}')).toBe(12);
    expect(await scraped.value('request_stage_duration_ms_bucket{le="5",stage="1.0_PARSE"}')).toBe(4);
  });
});

describe('A stage that is not recorded', () => {
  const executions = [
    ['A', 'ok', 3],
    ['B', 'error', 40],
    ['A', 'cancelled', 7_000],
    ['A', 'error', 0],
  ] as const;

  it('counts as it would if it were', async () => {
    const recorded = new ScrapedSink();
    const counted = new ScrapedSink();
    for (const [stageId, outcome, durationMs] of executions) {
      const stage = stageOf('internal', {}, { stageId, outcome, durationMs });
      recorded.record(stage);
      counted.sink.counterOf(stageId)({ ...stage, endedAt: stage.startedAt + durationMs });
    }
    const stagesOf = async (scraped: ScrapedSink): Promise<string[]> =>
      (await scraped.lines()).filter((line) => line.startsWith('request_stage'));
    expect((await stagesOf(counted)).length).toBeGreaterThan(8);
    expect(await stagesOf(counted)).toEqual(await stagesOf(recorded));
  });

  it('refuses what is no duration', () => {
    const count = new ScrapedSink().sink.counterOf('A');
    const stage = stageOf('internal');
    for (const durationMs of [-1, Number.NaN, Infinity]) {
      expect(() => count({ ...stage, durationMs, endedAt: 1 })).toThrow(RangeError);
    }
  });

  it('counts with the others when its sink joins them later', async () => {
    const first = new ScrapedSink();
    const second = new PrometheusSink({ registry: first.registry });
    const count = second.counterOf('A');
    second.register();
    count({ ...stageOf('internal'), endedAt: Date.now() });
    expect(await first.value('request_stages_total{stage="A",outcome="ok"}')).toBe(1);
  });
});

describe('Of itself the sink tells', () => {
  it('what its engine has dropped, one series per bound, and errors apart', async () => {
    const scraped = new ScrapedSink();
    const drops = { ...noDrops, stages: 3, internalErrors: 2 };
    scraped.sink.readDrops({ getDropCounts: () => drops });
    drops.stages = 4;
    expect(await scraped.value('followspot_dropped_total{what="stages"}')).toBe(4);
    expect(await scraped.value('followspot_dropped_total{what="openTraces"}')).toBe(0);
    expect(await scraped.value('followspot_internal_errors_total')).toBe(2);
    expect(await scraped.of('followspot_dropped_total')).not.toContainEqual(
      expect.stringContaining('internalErrors'),
    );
  });

  it('what an engine had dropped that is gone, because a counter must not fall', async () => {
    const scraped = new ScrapedSink();
    const second = new PrometheusSink({ registry: scraped.registry }).register();
    second.readDrops({ getDropCounts: () => ({ ...noDrops, lateStages: 5 }) });
    second.close();
    expect(await scraped.value('followspot_dropped_total{what="lateStages"}')).toBe(5);
  });

  it('how many series it has: those of the scrape', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request));
    await scraped.lines();
    const own = (await scraped.lines()).filter((line) => !/^(process|nodejs)_/.test(line));
    expect(await scraped.value('followspot_series')).toBe(own.length);
  });

  it('what recording costs, and how long the latest scrape kept the process busy', async () => {
    const scraped = new ScrapedSink();
    for (let n = 0; n < 256; n += 1) scraped.record(stageOf('internal'));
    await scraped.lines();
    expect(await scraped.value('followspot_record_seconds_total')).toBeGreaterThan(0);
    expect(await scraped.value('followspot_scrape_duration_seconds')).toBeGreaterThan(0);
  });
});

describe('Two sinks on one registry', () => {
  it('count together', async () => {
    const scraped = new ScrapedSink();
    const second = new PrometheusSink({ registry: scraped.registry }).register();
    scraped.record(stageOf('request', request));
    second.record(stageOf('request', request), traceOf());
    second.requestOpened();
    expect(await scraped.of('http_requests_total')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(await scraped.value('http_requests_in_flight')).toBe(1);
  });

  it('leave the registry as it was when the last is closed, also when one is closed twice', async () => {
    const registry = new Registry();
    const mine = new Counter({ name: 'mine_total', help: 'x', registers: [registry] });
    mine.inc();
    const [first, second] = [new PrometheusSink({ registry }), new PrometheusSink({ registry })];
    first.register();
    second.register();
    first.close();
    first.close();
    expect(registry.getSingleMetric('http_requests_total')).toBeDefined();
    second.close();
    expect((await registry.getMetricsAsJSON()).map(({ name }) => name)).toEqual(['mine_total']);
  });

  it('one of which never came to be registered leave nothing behind', async () => {
    const scraped = new ScrapedSink();
    scraped.sink.close();
    const never = new PrometheusSink({ registry: scraped.registry });
    never.record(stageOf('request', request), traceOf());
    const next = new PrometheusSink({ registry: scraped.registry }).register();
    expect(await scraped.registry.metrics()).not.toContain('/items/:id');
    never.close();
    expect(await scraped.registry.metrics()).toContain('# TYPE http_requests_total');
    next.close();
  });

  it('between which the application has cleared the registry are both in the next scrape', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request));
    scraped.registry.clear();
    const second = new PrometheusSink({ registry: scraped.registry }).register();
    second.record(stageOf('request', request), traceOf());
    expect(await scraped.of('http_requests_total')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(await scraped.of('process_cpu_user_seconds_total')).toHaveLength(1);
    const { body } = await second.scrape('text');
    for (const name of Object.keys(METRICS)) expect(body).toContain(`# TYPE ${name} `);
  });

  it('one after the other begin at zero', async () => {
    const registry = new Registry();
    const first = new ScrapedSink({}, registry);
    first.record(stageOf('request', request));
    first.sink.close();
    const second = new PrometheusSink({ registry }).register();
    expect(await registry.metrics()).not.toContain('/items/:id');
    second.close();
  });
});

describe('A metric of the application with the name of one of ours', () => {
  it('stops the start, and the error names it and tells what to do', () => {
    const registry = new Registry();
    new Counter({ name: 'cache_hits_total', help: 'x', registers: [registry] });
    const start = (): unknown => new PrometheusSink({ registry }).register();
    expect(start).toThrow('cache_hits_total');
    expect(start).toThrow('metrics: { registry: new Registry() }');
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['cache_hits_total']);
  });

  it('is none when it comes from another copy of this module, as hot reloading leaves one behind', () => {
    const registry = new Registry();
    const left = { name: 'cache_hits_total', [Symbol.for('@followspot/sinks/prometheus')]: true };
    registry.registerMetric(left as never);
    new PrometheusSink({ registry }).register();
    expect(registry.getSingleMetric('cache_hits_total')).not.toBe(left);
  });
});

describe('The metrics of the process', () => {
  it('are there', async () => {
    expect(await new ScrapedSink().of('process_cpu_user_seconds_total')).toHaveLength(1);
  });

  it('are left to an application that has them, under whatever prefix', async () => {
    const registry = new Registry();
    new Counter({ name: 'shop_process_cpu_user_seconds_total', help: 'x', registers: [registry] });
    const scraped = new ScrapedSink({}, registry);
    expect(await scraped.of('process_cpu_user_seconds_total')).toEqual([]);
    expect(await scraped.of('shop_process_cpu_user_seconds_total')).toHaveLength(1);
  });

  it('are left to an application that begins to collect them later', async () => {
    const scraped = new ScrapedSink();
    collectDefaultMetrics({ register: scraped.registry });
    expect(await scraped.of('process_cpu_user_seconds_total')).toHaveLength(1);
    expect(await scraped.of('nodejs_version_info')).toHaveLength(1);
  });

  it('carry the default labels of the registry', async () => {
    const scraped = new ScrapedSink();
    scraped.registry.setDefaultLabels({ service: 'shop' });
    expect(await scraped.of('process_cpu_user_seconds_total')).toEqual([
      expect.stringMatching(/^{service="shop"} /),
    ]);
  });
});

describe('The options', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity, 100_001])('do not take %p as a bound', (value) => {
    expect(() => new PrometheusSink({ labelValues: value })).toThrow(
      `labelValues must be a whole number from 1 to 100,000, got ${String(value)}`,
    );
    expect(() => new PrometheusSink({ labelSets: value })).toThrow('labelSets must be');
  });
});

describe('Other readers of the registry', () => {
  it('get all labels on each value, as from a metric of prom-client', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request));
    const all = await scraped.registry.getMetricsAsJSON();
    const { values } = all.find(({ name }) => name === 'http_request_duration_seconds')!;
    expect((values as unknown[])[0]).toMatchObject({
      value: 0,
      labels: { le: 0.005, method: 'GET', route: '/items/:id', status_class: '2xx' },
    });
  });

  it('may reset the registry; the totals stay', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request));
    scraped.registry.resetMetrics();
    expect(await scraped.of('http_requests_total')).toHaveLength(1);
  });
});

function bucket(le: string, labels: string): string {
  return `http_request_duration_seconds_bucket{le="${le}",${labels.slice(1)}`;
}
