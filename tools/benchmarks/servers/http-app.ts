// The application of a variant, in a process of its own. Tells its port, then answers what it is asked over IPC, and ends
// when nobody is there to ask.
import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamicModule,
  type INestApplication,
  Module,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { tap } from 'rxjs';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { Sink } from '@followspot/core';
// eslint-disable-next-line @nx/enforce-module-boundaries -- likewise
import type { ObservabilityOptions } from '@followspot/nestjs';
import { answerQuestions } from './http-processes.ts';
import { type HttpVariant, REQUEST_VARIANTS } from './http-variants.ts';
import { limitRequests } from './limit.ts';
import { otlpRecords } from './otlp-records.ts';

// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- a Nest module, decorated below
class App {}

let countSpans = (): number => globalThis.openTelemetry?.spans() ?? 0;

/** The variant and the adapter that this process was started for. */
export function variantOfProcess(): { readonly variant: HttpVariant; readonly adapter: string } {
  const [name = '', adapter = ''] = process.argv.slice(2);
  const variant = REQUEST_VARIANTS.get(name);
  if (variant === undefined) throw new Error(`there is no variant "${name}"`);
  return { variant, adapter };
}

/** Starts the application with this controller and answers questions about it. */
export async function serve(controller: Type): Promise<void> {
  const app = await createApp(controller);
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  // Until the next turn, however long the others take for theirs.
  server.keepAliveTimeout = 600_000;
  answerQuestions({
    port: () => (server.address() as AddressInfo).port,
    /** Of the whole process since it started, collectors of garbage included, in milliseconds. */
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    memory: async () => {
      await collectGarbage();
      const { heapUsed, external, rss } = process.memoryUsage();
      // Typed arrays are not on the heap, but somebody's objects all the same.
      return { heapBytes: heapUsed + external, rssBytes: rss };
    },
    /** Nothing happens here for so long; timers that are due meanwhile are late. */
    rest: (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
    /** Spans that somebody who records them has been given. */
    spans: () => countSpans(),
  });
}

async function createApp(controller: Type): Promise<INestApplication> {
  const { variant, adapter } = variantOfProcess();
  const sinks = variant.otlp === true ? [readyForOtlp()] : [];
  const imports = variant.module === undefined ? [] : [await moduleWith({ ...variant.module, sinks })];
  Module({ imports, controllers: [controller] })(App);
  const common = { logger: false, forceCloseConnections: true } as const;
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(App, new FastifyAdapter({ forceCloseConnections: true }), common)
      : await NestFactory.create(App, common);
  if (variant.interceptor === true) app.useGlobalInterceptors({ intercept: (_, next) => next.handle() });
  if (variant.promClient === true) app.useGlobalInterceptors(await promClientInterceptor());
  if (variant.limit === true) limitRequests(app.getHttpServer() as Server);
  return app;
}

function readyForOtlp(): Sink {
  const { sink, spans } = otlpRecords();
  countSpans = spans;
  return sink;
}

/** Loaded where it is used only: a bare application does not have it. */
async function moduleWith(options: ObservabilityOptions): Promise<DynamicModule> {
  // eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
  const { ObservabilityModule } = await import('@followspot/nestjs');
  return ObservabilityModule.forRoot(options);
}

/** What one writes first: how long each request took, by method, route and status. */
async function promClientInterceptor(): Promise<NestInterceptor> {
  const { Histogram } = await import('prom-client');
  const histogram = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status_code'],
  });
  return {
    intercept: (context, next) => {
      const request = context.switchToHttp().getRequest<{ method: string; route?: { path?: string } }>();
      const response = context.switchToHttp().getResponse<{ statusCode: number }>();
      const startMs = performance.now();
      const observe = (): void => {
        const labels = {
          method: request.method,
          route: request.route?.path ?? '',
          status_code: response.statusCode,
        };
        histogram.observe(labels, (performance.now() - startMs) / 1_000);
      };
      return next.handle().pipe(tap({ complete: observe, error: observe }));
    },
  };
}

async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('start Node with --expose-gc');
  for (let round = 0; round < 3; round += 1) {
    await wait(20);
    globalThis.gc();
  }
}
