// An application with two routes whose handlers are handed to it: the suite of `tools/compare-shapes` runs in its
// requests, under each major of NestJS.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  type INestApplication,
  type MessageEvent,
  Module,
  Param,
  Sse,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
// eslint-disable-next-line @nx/enforce-module-boundaries -- it stands for an application outside this repository
import { type ExecutionSummary, ExecutionTracker, ObservabilityModule, TrackStage } from '@followspot/nestjs';
import { from, map, Observable } from 'rxjs';
import { EndSink } from './end-sink.js';

// For the suite, which has to use the same copies.
export { Observable, TrackStage };

export function observableOf(steps: AsyncIterable<number>): Observable<number> {
  return from(steps);
}

function asMessages(steps: Observable<number>): Observable<MessageEvent> {
  return steps.pipe(map((step) => ({ data: String(step) })));
}

/** What a request runs, by the id in its path. */
type Handlers = Map<string, () => unknown>;

/** The application while it runs. */
export interface ShapesApp {
  readonly port: number;
  readonly handlers: Handlers;
  /** `tracker.signal`, to be read inside a request. */
  readonly signal: AbortSignal;
  /** What is known of the request with this trace id, as soon as it has ended; to be called before the request. */
  ended(traceId: string): Promise<ExecutionSummary | undefined>;
  close(): Promise<void>;
}

export async function start(adapter: string): Promise<ShapesApp> {
  const sink = new EndSink();
  const handlers: Handlers = new Map();

  @Controller()
  class ShapesController {
    @Get('trials/:id')
    async trial(@Param('id') id: string): Promise<string> {
      await handlers.get(id)?.();
      return id;
    }

    @Sse('streams/:id')
    stream(@Param('id') id: string): Observable<MessageEvent> | Promise<Observable<MessageEvent>> {
      const result = handlers.get(id)?.() as Observable<number> | Promise<Observable<number>>;
      return result instanceof Promise ? result.then(asMessages) : asMessages(result);
    }
  }

  @Module({
    imports: [ObservabilityModule.forRoot({ sampleRate: 1, log: false, sinks: [sink] })],
    controllers: [ShapesController],
  })
  class AppModule {}

  const nest = { logger: false, forceCloseConnections: true, abortOnError: false } as const;
  const app: INestApplication =
    adapter === 'fastify'
      ? await NestFactory.create(AppModule, new FastifyAdapter({ forceCloseConnections: true }), nest)
      : await NestFactory.create(AppModule, nest);
  await app.listen(0, '127.0.0.1');
  const tracker = app.get(ExecutionTracker);
  return {
    port: (app.getHttpServer() as { address(): AddressInfo }).address().port,
    handlers,
    get signal() {
      return tracker.signal;
    },
    ended: async (traceId) => {
      await sink.ended(traceId);
      return tracker.getExecutionSummary(traceId);
    },
    close: () => app.close(),
  };
}
