import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import {
  type DynamicModule,
  type INestApplication,
  Module,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExecutionTracker, Recorder } from '@followspot/core';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { ObservabilityModule } from '../observability.module.js';
import { CollectingSink } from './collecting-sink.js';

/** Every test over HTTP runs on both. */
export const ADAPTERS = ['express', 'fastify'] as const;
export type AdapterName = (typeof ADAPTERS)[number];

/** What an application in a test is made of. */
export interface AppUnderTest {
  readonly controllers?: Type[];
  readonly providers?: NonNullable<DynamicModule['providers']>;
  readonly imports?: NonNullable<DynamicModule['imports']>;
  readonly options?: ObservabilityOptions;
  /** Which stages the sink of the test asks for. Default all, and then every request is measured. */
  readonly collects?: 'kept' | 'all';
  readonly nest?: NestApplicationOptions;
  readonly configure?: (app: INestApplication) => void;
}

/** An application that listens on a port of its own, with everything kept and collected. */
export class RunningApp {
  readonly tracker: ExecutionTracker;
  readonly recorder: Recorder;

  constructor(
    readonly nest: INestApplication,
    readonly sink: CollectingSink,
  ) {
    this.tracker = nest.get(ExecutionTracker);
    this.recorder = nest.get(Recorder);
  }

  get server(): Server {
    return this.nest.getHttpServer() as Server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return this.nest.close();
  }
}

@Module({})
class TestModule {}

/** Starts it; the caller closes it. */
export async function startApp(adapter: AdapterName, parts: AppUnderTest): Promise<RunningApp> {
  const sink = new CollectingSink(parts.collects);
  const nest = await createApp(adapter, rootModule(parts, sink), parts.nest);
  parts.configure?.(nest);
  await nest.listen(0, '127.0.0.1');
  return new RunningApp(nest, sink);
}

/** An application on one of the adapters; it is silent and does not wait for clients when it is closed. */
export function createApp(
  adapter: AdapterName,
  module: Type | DynamicModule,
  options: NestApplicationOptions = {},
): Promise<INestApplication> {
  const all = { logger: false, forceCloseConnections: true, abortOnError: false, ...options } as const;
  return adapter === 'express'
    ? NestFactory.create(module, all)
    : NestFactory.create(module, new FastifyAdapter({ forceCloseConnections: true }), all);
}

function rootModule(
  { options, imports = [], controllers = [], providers = [] }: AppUnderTest,
  sink: CollectingSink,
): DynamicModule {
  const sinks = [sink, ...(options?.sinks ?? [])];
  return {
    module: TestModule,
    imports: [ObservabilityModule.forRoot({ sampleRate: 1, log: false, ...options, sinks }), ...imports],
    controllers,
    providers,
  };
}
