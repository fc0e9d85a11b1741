import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ScrapedSink } from '../testing/scraped-sink.js';
import { stageOf, traceOf } from '../testing/stages.js';
import { Exposition } from './exposition.js';
import { METRICS } from './metric-table.js';

const request = { method: 'GET', route: '/items/:id', statusCode: 200 };

function filled(): ScrapedSink {
  const scraped = new ScrapedSink();
  new Counter({
    name: 'orders_total',
    help: 'Orders.',
    labelNames: ['kind'],
    registers: [scraped.registry],
  }).inc({ kind: 'big' }, 3);
  scraped.record(stageOf('request', request), traceOf('sampled', 'abc'));
  return scraped;
}

describe('A scrape as text', () => {
  it('is what prom-client itself writes, of the application too', async () => {
    const scraped = filled();
    const { body, contentType } = await scraped.sink.scrape('text');
    // Without what changes from scrape to scrape, and what is of the process, which is in no registry.
    const still = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n\n')
        .filter((metric) => !/^# HELP (process|nodejs|system|followspot)_/.test(metric));
    expect(still(body)).toEqual(still(await scraped.registry.metrics()));
    expect(contentType).toBe(scraped.registry.contentType);
    expect(body).toContain('orders_total{kind="big"} 3');
  });

  it('tells help and type of every metric of ours, also of one that has no value yet', async () => {
    const { body } = await new ScrapedSink().sink.scrape('text');
    for (const [name, { help, type }] of Object.entries(METRICS)) {
      expect(body).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
  });

  it('puts the default labels of the registry on every line', async () => {
    const scraped = filled();
    scraped.registry.setDefaultLabels({ service: 'shop' });
    for (const format of ['text', 'openmetrics'] as const) {
      const lines = await scraped.lines(format);
      expect(lines.filter((line) => line !== '# EOF' && !line.includes('service="shop"'))).toEqual([]);
    }
  });

  it('has no exemplars, which Prometheus would not read there', async () => {
    expect((await filled().sink.scrape('text')).body).not.toContain('trace_id');
  });
});

describe('A scrape as OpenMetrics', () => {
  it('names counters without `_total` and their lines with it, and ends with EOF', async () => {
    const { body, contentType } = await filled().sink.scrape('openmetrics');
    expect(contentType).toContain('application/openmetrics-text; version=1.0.0');
    expect(body).toContain('# TYPE http_requests counter\nhttp_requests_total{');
    expect(body).toContain('# TYPE orders counter\norders_total{kind="big"} 3\n');
    expect(body).toMatch(/\n# EOF\n$/);
    expect(body).not.toMatch(/_total_total|\n\n/);
    expect(body.match(/# EOF/g)).toHaveLength(1);
  });

  it('leaves the names in the registry alone, so that the next scrape as text is right', async () => {
    const scraped = filled();
    const before = await scraped.registry.metrics();
    await scraped.sink.scrape('openmetrics');
    const names = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(names(await scraped.registry.metrics())).toEqual(names(before));
  });

  it('carries the trace id of a kept trace beside the bucket that it fell into', async () => {
    const scraped = filled();
    const bucket = (await scraped.lines('openmetrics')).find((line) =>
      line.startsWith('http_request_duration_seconds_bucket{le="0.01"'),
    );
    expect(bucket).toMatch(/ 1 # \{trace_id="abc"\} 0\.01 \d{10}(\.\d+)?$/);
  });

  it('carries none of a trace that is not kept: nobody could look it up', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request), traceOf(undefined, 'lost'));
    expect((await scraped.sink.scrape('openmetrics')).body).not.toContain('lost');
  });

  it('carries a stream and a provider call of a trace that was rescued after they had ended', async () => {
    const scraped = new ScrapedSink();
    const call = stageOf('provider', { provider: 'openai', model: 'small' });
    const stream = stageOf(
      'stream',
      { route: '/s', timeToFirstEventMs: 5 },
      { ending: 'completed', substages: [call] },
    );
    for (const stage of [call, stream]) scraped.record(stage, traceOf(undefined, 'slow-one'));
    expect((await scraped.sink.scrape('openmetrics')).body).not.toContain('slow-one');
    scraped.record(stageOf('request', request, { substages: [stream] }), traceOf('slow', 'slow-one'));
    const marked = (await scraped.lines('openmetrics')).filter((line) => line.includes('slow-one'));
    expect(marked.map((line) => line.split('_bucket')[0])).toEqual([
      'sse_stream_duration_seconds',
      'sse_time_to_first_event_seconds',
      'provider_request_duration_seconds',
      'request_stage_duration_ms',
    ]);
  });

  it('leaves out a trace id that would make the labels longer than the 128 characters that are allowed', async () => {
    const scraped = new ScrapedSink();
    scraped.record(stageOf('request', request), traceOf('sampled', 'x'.repeat(121)));
    expect((await scraped.sink.scrape('openmetrics')).body).not.toContain('xxx');
    scraped.record(stageOf('request', request), traceOf('sampled', 'y'.repeat(120)));
    expect((await scraped.sink.scrape('openmetrics')).body).toContain('y'.repeat(120));
  });
});

describe('A scrape', () => {
  it('in which a metric of the application cannot be read has all others, and says which', async () => {
    const scraped = filled();
    new Gauge({
      name: 'broken',
      help: 'x',
      registers: [scraped.registry],
      collect: () => Promise.reject(new Error('no database')),
    });
    const { body, unreadable } = await scraped.sink.scrape('text');
    expect(unreadable).toEqual({ broken: 'Error: no database' });
    expect(body).toContain('orders_total');
    expect(body).toContain('http_requests_total');
  });

  it.each(['text', 'openmetrics'] as const)(
    'as %s is not held up by metrics that never come, and has them again when they do',
    async (format) => {
      const registry = new Registry();
      let isStuck = true;
      const answer = (): Promise<void> => (isStuck ? new Promise(() => {}) : Promise.resolve());
      const registers = [registry];
      new Gauge({ name: 'stuck', help: 'x', registers, collect: answer });
      new Gauge({ name: 'stuck_too', help: 'x', registers, collect: answer });
      new Gauge({ name: 'ready', help: 'x', registers }).set(7);
      const exposition = new Exposition(registry, 200);
      const { body, unreadable, busyMs } = await exposition.scrape(format);
      expect(Object.keys(unreadable)).toEqual(['stuck', 'stuck_too']);
      expect(unreadable['stuck']).toBe('Error: not read within 200 ms');
      expect(body).toContain('ready 7');
      expect(body).not.toContain('stuck');
      expect(busyMs).toBeLessThan(200);
      isStuck = false;
      const next = await exposition.scrape(format);
      expect(next.unreadable).toEqual({});
      expect(next.body).toContain('stuck_too 0');
    },
  );

  it('that comes while another is being written shares it', async () => {
    const scraped = filled();
    const all = await Promise.all(Array.from({ length: 20 }, () => scraped.sink.scrape('text')));
    expect(new Set(all).size).toBe(1);
    expect(await scraped.sink.scrape('text')).not.toBe(all[0]);
  });

  it('of a large metric of the application is whole, and tells its type once', async () => {
    const scraped = new ScrapedSink();
    const large = new Histogram({
      name: 'parcel_size',
      help: 'x',
      labelNames: ['n'],
      registers: [scraped.registry],
    });
    for (let n = 0; n < 300; n += 1) large.observe({ n: String(n) }, 1);
    const own = (text: string): string[] => text.split('\n').filter((line) => line.includes('parcel_size'));
    const { body } = await scraped.sink.scrape('text');
    expect(own(body)).toHaveLength(300 * 14 + 2);
    expect(own(body)).toEqual(own(await scraped.registry.metrics()));
  });

  it('lets others have their turn while it is written', async () => {
    const scraped = new ScrapedSink();
    for (let n = 0; n < 250; n += 1) scraped.record(stageOf('internal', {}, { stageId: `S${n}` }));
    for (let n = 0; n < 250; n += 1) scraped.record(stageOf('request', { ...request, route: `/${n}` }));
    let turns = 0;
    const count = (): void => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await scraped.sink.scrape('text');
    clearImmediate(next);
    expect(turns).toBeGreaterThan(0);
  });
});
