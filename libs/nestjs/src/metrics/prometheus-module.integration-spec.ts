import 'reflect-metadata';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type * as prometheus from '@willsoto/nestjs-prometheus';
import { Counter, Histogram, register, Registry } from 'prom-client';
import { ObservabilityModule } from '../observability.module.js';
import { call } from '../testing/http-client.js';
import { ADAPTERS, createApp, type RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';

// CommonJS that requires Nest, an ES module. Imported in one graph with it, that is a cycle for Jest and not for Node.
const { InjectMetric, makeCounterProvider, makeHistogramProvider, PrometheusModule } = createRequire(
  import.meta.url,
)('@willsoto/nestjs-prometheus') as typeof prometheus;

@Injectable()
class Orders {
  constructor(
    @InjectMetric('orders_total') readonly orders: Counter,
    @InjectMetric('order_size') readonly sizes: Histogram,
  ) {}
}

@Controller('orders')
class OrdersController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Get()
  order(): string {
    this.orders.orders.inc({ kind: 'big' });
    this.orders.sizes.observe(3);
    return 'ordered';
  }
}

const providers = [
  Orders,
  makeCounterProvider({ name: 'orders_total', help: 'Orders.', labelNames: ['kind'] }),
  makeHistogramProvider({ name: 'order_size', help: 'Sizes.', buckets: [1, 10] }),
];

describe.each(ADAPTERS)('On %s, beside metrics of the application', (adapter) => {
  const apps: RunningApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    register.clear();
  });
  const start = async (...parts: Parameters<typeof startApp>): Promise<RunningApp> => {
    const app = await startApp(...parts);
    apps.push(app);
    return app;
  };

  it('@InjectMetric works, and one scrape has both', async () => {
    const app = await start(adapter, { controllers: [OrdersController], providers });
    expect((await call(app.port, '/orders')).text).toBe('ordered');
    const lines = await new Scraped(app).lines();
    expect(lines).toContain('orders_total{kind="big"} 1');
    expect(lines).toContain('order_size_sum 3');
    expect(lines).toContain('http_requests_total{method="GET",route="/orders",status_class="2xx"} 1');
  });

  it('PrometheusModule keeps its /metrics, and has ours in it', async () => {
    const app = await start(adapter, {
      controllers: [OrdersController],
      providers,
      imports: [PrometheusModule.register({ defaultLabels: { service: 'shop' } })],
    });
    await call(app.port, '/orders');
    const text = (await new Scraped(app).get()).text;
    expect(text).toContain('orders_total{kind="big",service="shop"} 1');
    expect(text).toContain(
      'http_requests_total{service="shop",method="GET",route="/orders",status_class="2xx"} 1',
    );
    expect(text.match(/# TYPE process_cpu_user_seconds_total/g)).toHaveLength(1);
    expect((await new Scraped(app).get('/health')).status).toBe(200);
  });

  it('PrometheusModule on another path and ours on /metrics tell the same', async () => {
    const app = await start(adapter, {
      controllers: [OrdersController],
      providers,
      imports: [PrometheusModule.register({ path: '/their-metrics' })],
    });
    await call(app.port, '/orders');
    for (const path of ['/metrics', '/their-metrics']) {
      expect((await call(app.port, path)).text).toContain('orders_total{kind="big"} 1');
    }
  });

  it('PrometheusModule may be set up while an application of ours is running, and serve several of them', async () => {
    const before = await start(adapter, {});
    const shared = PrometheusModule.register({ path: '/their-metrics' });
    const parts = { controllers: [OrdersController], providers, imports: [shared] };
    for (const app of [before, await start(adapter, parts), await start(adapter, parts)]) {
      const text = (await new Scraped(app).get()).text;
      expect(text.match(/# TYPE process_cpu_user_seconds_total/g)).toHaveLength(1);
      expect(text.match(/# TYPE http_requests_total/g)).toHaveLength(1);
    }
    for (const app of apps.splice(0)) await app.close();
    const again = await start(adapter, parts);
    for (const path of ['/metrics', '/their-metrics']) {
      const { text } = await call(again.port, path);
      expect(text.match(/# TYPE process_cpu_user_seconds_total/g)).toHaveLength(1);
      expect(text).toContain('# TYPE http_requests_total');
    }
  });

  it('a registry that was cleared while an application was left open has all metrics of the next', async () => {
    await start(adapter, {});
    register.clear();
    const next = await start(adapter, { controllers: [OrdersController], providers });
    await call(next.port, '/orders');
    expect(await new Scraped(next).sum('http_requests_total', 'route="/orders"')).toBe(1);
    expect(await new Scraped(next).sum('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('two applications in one process make one total, and each serves it', async () => {
    const one = await start(adapter, { controllers: [OrdersController], providers });
    const two = await start(adapter, { controllers: [OrdersController], providers });
    await call(one.port, '/orders');
    await call(two.port, '/orders');
    for (const app of [one, two]) {
      expect(await new Scraped(app).sum('http_requests_total', 'route="/orders"')).toBe(2);
    }
  });

  it('an application that is started again begins at zero', async () => {
    for (let time = 0; time < 3; time += 1) {
      const app = await start(adapter, { controllers: [OrdersController], providers });
      await call(app.port, '/orders');
      expect(await new Scraped(app).sum('http_requests_total')).toBe(1);
      await app.close();
      apps.pop();
    }
    expect(register.getSingleMetric('http_requests_total')).toBeUndefined();
  });

  it('one that was never closed does not keep the next from starting', async () => {
    const module = { module: class AppModule {}, imports: [ObservabilityModule.forRoot({ log: false })] };
    const left = await createApp(adapter, module);
    await left.init();
    const next = await start(adapter, {});
    expect((await new Scraped(next).get()).status).toBe(200);
    await left.close();
  });

  it('a metric of the application with one of our names stops the start, naming it', async () => {
    const clash = makeCounterProvider({ name: 'cache_hits_total', help: 'Mine.' });
    await expect(startApp(adapter, { providers: [clash] })).rejects.toThrow(
      "The metric cache_hits_total is Followspot's",
    );
  });

  it('and does not when Followspot has a registry of its own', async () => {
    const clash = makeCounterProvider({ name: 'cache_hits_total', help: 'Mine.' });
    const app = await start(adapter, {
      providers: [clash],
      options: { metrics: { registry: new Registry() } },
    });
    expect((await new Scraped(app).get()).text).toContain('# HELP cache_hits_total Look-ups');
  });
});

describe('Without a server', () => {
  afterEach(() => {
    register.clear();
  });

  @Module({ imports: [ObservabilityModule.forRoot({ log: false })] })
  class JobsModule {}

  it('an application context has its metrics in the registry', async () => {
    const context = await NestFactory.createApplicationContext(JobsModule, { logger: false });
    expect(register.getSingleMetric('request_stages_total')).toBeDefined();
    await context.close();
  });

  it('a testing module that is never initialised leaves nothing behind', async () => {
    await Test.createTestingModule({ imports: [JobsModule] }).compile();
    expect(register.getSingleMetric('request_stages_total')).toBeUndefined();
  });
});
