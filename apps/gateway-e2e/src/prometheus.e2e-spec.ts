import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Corpus, corpusOf, LONG_ANSWERS } from './support/corpus.js';
import { type DashboardQueries, dashboardQueries } from './support/dashboard.js';
import { Gateway } from './support/gateway.js';
import { Load, LOADABLE } from './support/load.js';
import {
  complaintsAbout,
  type LoadedRule,
  Prometheus,
  prometheusFolder,
  type Sample,
} from './support/prometheus.js';
import { Redis, redisServer } from './support/redis.js';
import { getTrace } from './support/requests.js';
import { stageOf } from './support/summary.js';

jest.setTimeout(120_000);

// In CI they are there: a skip would hide what nobody looked at.
const isMissing = prometheusFolder === undefined || redisServer === undefined;
const isSkipped = isMissing && process.env['CI'] === undefined;
if (isSkipped) {
  process.stderr.write(
    'Skipped: scraping the gateway needs prometheus, promtool and redis-server on the PATH\n',
  );
}

/** Short answers about dimmers, and one about followspots that takes seconds. */
const CORPUS = {
  'lights.md': '# Dimmers\n\nA dimmer changes how bright a lamp is. Every dimmer heats up.\n',
  'cues.md': `# Cues\n\n${'Every scene of the evening asks for a followspot on the singer. '.repeat(20_000)}\n`,
};

/** The reference's own names, and those of prom-client, are kept as they are. */
const NAMES_AGAINST_CONVENTION = [
  'http_request_duration_p50_ms',
  'http_request_duration_p95_ms',
  'sse_duration_p50_ms',
  'sse_duration_p95_ms',
  'provider_latency_p50_ms',
  'provider_latency_p95_ms',
  'request_stage_duration_ms',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

const isData = (samples: readonly Sample[]): boolean => samples.some(({ value }) => Number.isFinite(value));

/** An alert that does not fire has no value. With its comparisons made `bool` it has one for all that it watches. */
const unfiltered = (query: string): string => query.replaceAll(/ (==|>=|>|<) /g, ' $1 bool ');

(isSkipped ? describe.skip : describe)('a real Prometheus that scrapes the gateway under load', () => {
  let corpus: Corpus;
  let redis: Redis;
  let gateway: Gateway;
  let prometheus: Prometheus;
  let load: Load;
  let queries: DashboardQueries;
  let rules: LoadedRule[];

  beforeAll(async () => {
    corpus = await corpusOf(CORPUS);
    redis = await (await Redis.prepare()).start();
    const environment = { CORPUS_DIR: corpus.folder, REDIS_URL: redis.url, MONTHLY_BUDGET: '100' };
    gateway = await Gateway.start({ ...environment, ...LONG_ANSWERS, ...LOADABLE });
    prometheus = await Prometheus.scraping(new URL(gateway.url));
    load = new Load(gateway, redis);
    queries = await dashboardQueries();
    rules = await prometheus.rules();
  });
  afterAll(async () => {
    await load.stop();
    await prometheus[Symbol.asyncDispose]();
    await gateway.stop();
    await redis[Symbol.asyncDispose]();
    await corpus[Symbol.asyncDispose]();
  });

  /** Those that have had no data in spite of all patience. */
  const withoutData = async (asked: readonly { of: string; expr: string }[]): Promise<typeof asked> => {
    let missing = asked;
    return prometheus.until(
      async () => {
        const answers = await Promise.all(missing.map(({ expr }) => prometheus.query(expr)));
        missing = missing.filter((_, index) => !isData(answers[index] ?? []));
        return missing;
      },
      ({ length }) => length === 0,
    );
  };

  it('finds data for every query of every panel', async () => {
    expect(queries.panels.length).toBeGreaterThan(40);
    expect(await withoutData(queries.panels)).toEqual([]);
  });

  it('finds something to choose for every variable', async () => {
    const offers = await Promise.all(
      queries.choices.map(async ({ of, label, selector }) => [
        of,
        await prometheus.labelValues(label, selector),
      ]),
    );
    expect(Object.fromEntries(offers)).toEqual({
      job: ['gateway'],
      endpoint: ['/search', '/traces/:threadId', 'unmatched'],
      provider: ['embedded'],
    });
  });

  it('finds data for every recording rule, by its expression and by its name', async () => {
    const records = rules.filter(({ type }) => type === 'recording');
    expect(records.length).toBeGreaterThan(30);
    const asked = records.flatMap(({ name, query }) => [
      { of: name, expr: query },
      { of: name, expr: name },
    ]);
    expect(await withoutData(asked)).toEqual([]);
  });

  it('finds data for all that the alerts compare', async () => {
    const alerts = rules.filter(({ type }) => type === 'alerting');
    expect(alerts.length).toBeGreaterThan(20);
    expect(
      await withoutData(alerts.map(({ name, query }) => ({ of: name, expr: unfiltered(query) }))),
    ).toEqual([]);
  });

  it('evaluates every rule without an error', async () => {
    const evaluated = await prometheus.until(
      () => prometheus.rules(),
      (all) => all.every(({ health }) => health !== 'unknown'),
    );
    expect(evaluated.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it.each([
    ['http_request_duration_seconds_bucket', 'HTTP.1_REQUEST'],
    ['sse_stream_duration_seconds_bucket', 'HTTP.2_STREAM'],
  ])('leads from the slowest of %s to its trace, where it took as long', async (metric, stageId) => {
    const exemplars = await prometheus.until(
      () => prometheus.exemplars(metric),
      (found) => found.length > 0,
    );
    const slowest = exemplars.reduce((a, b) => (Number(b.value) > Number(a.value) ? b : a));
    const trace = await getTrace(gateway.url, slowest.labels['trace_id'] ?? '');
    expect(stageOf(trace, stageId).durationMs / 1_000).toBeCloseTo(Number(slowest.value), 6);
  });

  it('has no complaint about names but for those that are kept on purpose', async () => {
    const response = await fetch(`${gateway.url}/metrics`);
    const complaints = complaintsAbout(await response.text());
    const unexpected = complaints.filter(
      (line) => !NAMES_AGAINST_CONVENTION.some((name) => line.startsWith(`${name} `)),
    );
    expect(unexpected).toEqual([]);
  });

  it('marks the start of the gateway, and an alert once the gateway has gone', async () => {
    const [deployments, alerts] = queries.annotations;
    const starts = await prometheus.query(deployments?.expr ?? '');
    expect(starts).toHaveLength(1);
    expect(Math.abs((starts[0]?.value ?? 0) - Date.now())).toBeLessThan(600_000);

    await load.stop();
    await gateway.stop();
    const firing = await prometheus.until(
      () => prometheus.query(alerts?.expr ?? ''),
      (found) => found.some(({ metric }) => metric['alertname'] === 'ServiceDown'),
    );
    expect(firing.find(({ metric }) => metric['alertname'] === 'ServiceDown')?.metric).toMatchObject({
      job: 'gateway',
      severity: 'critical',
    });
  });
});
