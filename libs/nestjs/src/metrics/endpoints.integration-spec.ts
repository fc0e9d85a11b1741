import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  type Type,
  UnauthorizedException,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Gauge, Registry } from 'prom-client';
import { map } from 'rxjs';
import type { MetricsOptions } from '../config/metrics-options.js';
import { call } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type AppUnderTest, type RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';
import type { Health } from './health.js';

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (context.getType() !== 'http' || context.getClass().name !== 'MetricsEndpoints') return false;
    if (request.headers['authorization'] === undefined) throw new UnauthorizedException();
    return request.headers['authorization'] === 'Bearer right';
  }
}

@Injectable()
class LockedGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  intercept(
    _: unknown,
    next: Parameters<NestInterceptor['intercept']>[1],
  ): ReturnType<NestInterceptor['intercept']> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Controller()
class SinglePageController {
  @Get('*')
  page(): string {
    return '<html>';
  }
}

function ownControllerAt(path: string): Type {
  @Controller(path)
  class OwnController {
    @Get()
    own(): string {
      return 'our own';
    }
  }
  return OwnController;
}

function partsDown(parts: Health['parts']): string[] {
  return Object.entries(parts).flatMap(([name, { status }]) => (status === 'down' ? [name] : []));
}

const lockedAndWrapped = [
  { provide: APP_GUARD, useClass: LockedGuard },
  { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
];

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  let scraped: Scraped;
  afterEach(() => app.close());

  const start = async (parts: AppUnderTest & { metrics?: MetricsOptions } = {}): Promise<void> => {
    const { metrics, ...others } = parts;
    app = await startApp(adapter, {
      controllers: [ItemsController],
      ...others,
      options: { ...others.options, metrics: { registry: new Registry(), ...metrics } },
    });
    scraped = new Scraped(app, metrics?.path);
  };

  it('/metrics tells of the requests so far, as text', async () => {
    await start();
    await call(app.port, '/items/1');
    const { status, headers, text } = await scraped.get();
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('http_requests_total{method="GET",route="/items/:id",status_class="2xx"} 1\n');
    expect(text).toContain('process_cpu_user_seconds_total');
  });

  it('/metrics speaks OpenMetrics with those who ask for it, and leads to the trace', async () => {
    await start();
    await call(app.port, '/items/1', { traceId: 'example' });
    const accept =
      'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const { headers, text } = await scraped.get('', { headers: { accept } });
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toMatch(/# EOF\n$/);
    const [, traceId] = /http_request_duration_seconds_bucket.* # \{trace_id="(.+?)"\}/.exec(text) ?? [];
    expect(app.tracker.getExecutionSummary(traceId!)).toMatchObject({ traceId: 'example', outcome: 'ok' });
  });

  it('/metrics/summary tells what a person asks first', async () => {
    await start();
    await call(app.port, '/items/1');
    await call(app.port, '/items/broken');
    expect(await scraped.json('/summary')).toMatchObject({
      uptimeSeconds: expect.any(Number),
      requests: {
        total: 2,
        inFlight: 0,
        errorRate: 0.5,
        routes: {
          '/items/:id': { requests: 1, errors: 0, p50Ms: expect.any(Number), p95Ms: expect.any(Number) },
        },
      },
      streams: { open: 0, ended: {} },
      traces: { all: 2, kept: 2 },
      internalErrors: 0,
    });
  });

  it('the endpoints have no trace and no metrics themselves', async () => {
    await start();
    for (const below of ['', '/health', '/summary', '?x=1']) {
      const { status, traceId } = await scraped.get(below);
      expect([below, status, traceId]).toEqual([below, 200, undefined]);
    }
    expect((await scraped.get('', { method: 'HEAD' })).status).toBe(200);
    expect(await scraped.sum('http_requests_total')).toBe(0);
    expect(await scraped.sum('http_requests_in_flight')).toBe(0);
    expect(app.sink.stages).toEqual([]);
  });

  // Express's router is loose; to Fastify these are other paths.
  it.each(['/metrics/', '/Metrics', '/METRICS/?x=1', '/metrics/Health/', '/metrics/SUMMARY'])(
    'the spelling %s is an endpoint where the router takes it for one, otherwise a request of the application',
    async (path) => {
      await start();
      const { status, traceId } = await call(app.port, path);
      const isEndpoint = adapter === 'express';
      expect(status).toBe(isEndpoint ? 200 : 404);
      expect(traceId === undefined).toBe(isEndpoint);
      expect(await scraped.sum('http_requests_total')).toBe(isEndpoint ? 0 : 1);
      expect(app.sink.stages).toHaveLength(isEndpoint ? 0 : 1);
    },
  );

  it('a path that only begins like one of them is a request of the application', async () => {
    await start();
    expect((await call(app.port, '/metrics/healthy')).status).toBe(404);
    expect((await call(app.port, '/metricsx')).status).toBe(404);
    expect(await scraped.sum('http_requests_total')).toBe(2);
  });

  it('another method on their path is a request of the application', async () => {
    await start();
    expect((await scraped.get('', { method: 'POST' })).status).toBe(404);
    expect(await scraped.sum('http_requests_total', 'method="POST"', 'route="unmatched"')).toBe(1);
  });

  it('a global prefix, a global guard and an envelope leave them alone', async () => {
    await start({ providers: lockedAndWrapped, configure: (nest) => nest.setGlobalPrefix('api') });
    expect((await call(app.port, '/api/items/1')).status).toBe(403);
    expect((await scraped.get()).text).toMatch(/^# HELP/);
    expect(await scraped.json('/health')).toMatchObject({ status: 'up' });
    expect((await call(app.port, '/api/metrics')).status).toBe(404);
  });

  it('URI versioning leaves them alone', async () => {
    await start({
      configure: (nest) => void nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    expect((await call(app.port, '/v1/items/1')).status).toBe(200);
    expect((await scraped.get()).status).toBe(200);
  });

  it('twenty at a time all get a whole answer', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => scraped.get()));
    const namesIn = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('# TYPE'));
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(namesIn(text)).toEqual(namesIn(answers[0]!.text));
      expect(text).toMatch(/\nfollowspot_series \d+\n/);
    }
  });

  it('another path moves all three', async () => {
    await start({ metrics: { path: '/internal/numbers' } });
    expect((await scraped.get()).status).toBe(200);
    expect((await scraped.get('/health')).status).toBe(200);
    expect((await call(app.port, '/metrics')).status).toBe(404);
  });

  it('a single-page application that takes every path does not take these', async () => {
    await start({ controllers: [SinglePageController] });
    expect((await call(app.port, '/any/page')).text).toBe('<html>');
    expect((await scraped.get()).text).toMatch(/^# HELP/);
  });

  // Express does not tell capitals from small letters, Fastify does.
  it.each(adapter === 'express' ? ['metrics', 'METRICS/'] : ['metrics'])(
    'a route of the application on the same path, %s, stays, and the two others are ours',
    async (path) => {
      await start({ controllers: [ownControllerAt(path)] });
      expect((await scraped.get()).text).toBe('our own');
      expect(await scraped.json('/health')).toMatchObject({ status: 'up' });
    },
  );

  it('what the application has mounted on the server before comes first', async () => {
    const refuse = (nest: INestApplication): void => {
      nest.use('/metrics', (_: unknown, response: { statusCode: number; end(text: string): void }) => {
        response.statusCode = 401;
        response.end('password?');
      });
    };
    await start({ configure: refuse });
    expect(await scraped.get()).toMatchObject({ status: 401, text: 'password?' });
  });

  it.each<[string, CanActivate | Type<CanActivate>, AppUnderTest['providers'] & object]>([
    ['an object', new TokenGuard(), []],
    ['a class', TokenGuard, []],
    ['a class that the application provides', TokenGuard, [TokenGuard]],
  ])('a guard given as %s protects all three', async (_, guard, providers) => {
    await start({ metrics: { guard }, providers });
    for (const below of ['', '/health', '/summary']) {
      const statusFor = async (authorization?: string): Promise<number> =>
        (await scraped.get(below, authorization === undefined ? {} : { headers: { authorization } })).status;
      expect(await statusFor()).toBe(401);
      expect(await statusFor('Bearer wrong')).toBe(403);
      expect(await statusFor('Bearer right')).toBe(200);
    }
  });

  it('a guard sees the path that was asked for', async () => {
    const seen: unknown[] = [];
    const curious: CanActivate = {
      canActivate: (context) => seen.push(context.switchToHttp().getRequest<{ url: string }>().url) > 0,
    };
    await start({ metrics: { guard: curious, path: '/m.e/metrics' } });
    expect((await scraped.get('?all')).status).toBe(200);
    expect((await scraped.get('/health')).status).toBe(200);
    expect((await call(app.port, '/mxe/metrics')).status).toBe(404);
    expect(seen).toEqual(['/m.e/metrics?all', '/m.e/metrics/health']);
  });

  it('a guard that fails answers 500 and tells nothing', async () => {
    const failing = { canActivate: () => Promise.reject(new Error('secret')) };
    await start({ metrics: { guard: failing } });
    const { status, text } = await scraped.get();
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });

  it('health is 503 when a sink fails, and says which part it is', async () => {
    const failing = {
      name: 'failing',
      scope: 'all',
      record: () => {
        throw new Error('disk full');
      },
    } as const;
    await start({ options: { sinks: [failing] } });
    expect((await scraped.get('/health')).status).toBe(200);
    await call(app.port, '/items/1');
    const { status, text } = await scraped.get('/health');
    expect(status).toBe(503);
    expect(partsDown((JSON.parse(text) as Health).parts)).toEqual(['sinks']);
  });

  it('health is 503 when a metric of the application cannot be read; a scrape has all others', async () => {
    const registry = new Registry();
    new Gauge({
      name: 'broken',
      help: 'x',
      registers: [registry],
      collect: () => Promise.reject(new Error('x')),
    });
    await start({ metrics: { registry } });
    expect((await scraped.get()).status).toBe(200);
    const { status, text } = await scraped.get('/health');
    expect(status).toBe(503);
    const { parts } = JSON.parse(text) as Health;
    expect(parts.registry).toMatchObject({ unreadable: { broken: 'Error: x' } });
    expect(partsDown(parts)).toEqual(['registry']);
    expect(await scraped.sum('followspot_internal_errors_total')).toBeGreaterThan(0);
  });

  it('health is 503 when no further trace can be recorded', async () => {
    await start({ options: { limits: { openTraces: 1 } } });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const work = app.tracker.runTrace('JOB', () => promise);
    const { status, text } = await scraped.get('/health');
    expect([status, partsDown((JSON.parse(text) as Health).parts)]).toEqual([503, ['traces']]);
    resolve(undefined);
    await work;
    expect((await scraped.get('/health')).status).toBe(200);
  });

  it('with tracking off they still answer, and health says that it is off', async () => {
    await start({ options: { enabled: false } });
    expect((await scraped.get()).text).toContain('process_cpu_user_seconds_total');
    expect(await scraped.json('/health')).toMatchObject({
      status: 'up',
      parts: { tracker: { status: 'off' } },
    });
  });

  it('with metrics off there are none of them', async () => {
    await start({ metrics: { enabled: false } });
    expect((await scraped.get()).status).toBe(404);
  });
});
