// One application in a process of its own: `node sse-server.ts VARIANT ADAPTER`. Tells its port, then answers what it is
// asked over IPC, and ends when nobody is there to ask.
import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  Controller,
  type DynamicModule,
  type INestApplication,
  type MessageEvent,
  Module,
  Sse,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { concat, from, interval, map, type Observable, range, take, timer } from 'rxjs';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
import type { ObservabilityOptions } from '@followspot/nestjs';
import { answerQuestions } from './sse-processes.ts';
import { EVENTS, EVENTS_WHEN_OPEN, HEARTBEAT, HEARTBEAT_MS, SSE_VARIANTS, WORD } from './sse-variants.ts';

const event = (): MessageEvent => ({ data: { text: WORD } });

// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- a Nest module, decorated below
class App {}

class StreamsController {
  /** All events at once: nothing but the stream itself has a cost here. */
  burst(): Observable<MessageEvent> {
    return range(0, EVENTS).pipe(map(event));
  }

  /** As a model answers: a generator that waits for each word. */
  awaited(): Observable<MessageEvent> {
    return from(words());
  }

  /** A few events, then a heartbeat a second for as long as the client stays. */
  open(): Observable<MessageEvent> {
    return concat(
      timer(0, 20).pipe(take(EVENTS_WHEN_OPEN), map(event)),
      interval(HEARTBEAT_MS).pipe(map((): MessageEvent => ({ comment: HEARTBEAT }))),
    );
  }
}

async function* words(): AsyncGenerator<MessageEvent> {
  for (let count = 0; count < EVENTS; count += 1) {
    await wait(2);
    yield event();
  }
}

/** Decorates as TypeScript does; Node runs no decorators by itself. */
function decorate(): void {
  for (const name of ['burst', 'awaited', 'open'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(StreamsController.prototype, name);
    if (descriptor !== undefined) Sse(name)(StreamsController.prototype, name, descriptor);
  }
  Controller()(StreamsController);
}

async function createApp(name: string, adapter: string): Promise<INestApplication> {
  const variant = SSE_VARIANTS.get(name);
  if (variant === undefined) throw new Error(`there is no variant "${name}"`);
  const imports = variant.module === undefined ? [] : [await moduleWith(variant.module)];
  Module({ imports, controllers: [StreamsController] })(App);
  const common = { logger: false, forceCloseConnections: true } as const;
  return adapter === 'fastify'
    ? NestFactory.create(App, new FastifyAdapter({ forceCloseConnections: true }), common)
    : NestFactory.create(App, common);
}

/** Loaded where it is used only: a bare application does not have it. */
async function moduleWith(options: ObservabilityOptions): Promise<DynamicModule> {
  // eslint-disable-next-line @nx/enforce-module-boundaries -- tools are no layer; they use what users use
  const { ObservabilityModule } = await import('@followspot/nestjs');
  return ObservabilityModule.forRoot(options);
}

decorate();
const [name = '', adapter = ''] = process.argv.slice(2);
const app = await createApp(name, adapter);
if (SSE_VARIANTS.get(name)?.interceptor === true)
  app.useGlobalInterceptors({ intercept: (_, next) => next.handle() });
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
});

async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('start Node with --expose-gc');
  for (let round = 0; round < 3; round += 1) {
    await wait(20);
    globalThis.gc();
  }
}
