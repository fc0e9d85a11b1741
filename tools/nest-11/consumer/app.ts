// An application as a user writes it, in strict TypeScript. `majors.ts` compiles it for each major of NestJS, once as
// an ES module and once as CommonJS, and `smoke.test.ts` calls it.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type MessageEvent,
  Module,
  Param,
  Post,
  SetMetadata,
  Sse,
  UseGuards,
} from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
// eslint-disable-next-line @nx/enforce-module-boundaries -- it stands for an application outside this repository
import {
  type ExecutionSummary,
  ExecutionTracker,
  ObservabilityModule,
  type ObservabilityOptions,
  TRACE_ID_HEADER,
  traceMixin,
  TrackStage,
} from '@followspot/nestjs';
import { LoggerModule } from 'nestjs-pino';
import { interval, map, type Observable, take } from 'rxjs';
import { EndSink } from './end-sink.js';

/** What pino has written, one object a line. */
export const lines: Record<string, unknown>[] = [];

const memory = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
    done();
  },
});

@Injectable()
class SearchService {
  constructor(private readonly tracker: ExecutionTracker) {}

  @TrackStage('2.0_CACHE_LOOKUP', { kind: 'cache', attributes: (hit: boolean) => ({ hit }) })
  async lookUp(): Promise<boolean> {
    await Promise.resolve();
    return false;
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  tokens(count: number): Observable<string> {
    return interval(2).pipe(
      take(count),
      map((n) => `${String(n)} ${this.tracker.traceId ?? 'none'}`),
    );
  }
}

@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get<string | undefined>('role', context.getHandler()) === undefined;
  }
}

@Controller('search')
@UseGuards(RolesGuard)
class SearchController {
  constructor(private readonly search: SearchService) {}

  @Get('above/:id')
  @TrackStage('ABOVE')
  above(@Param('id') id: string): Promise<boolean> | string {
    return id === 'x' ? this.search.lookUp() : id;
  }

  @TrackStage('BELOW')
  @Get('below/:id')
  async below(@Param('id') id: string): Promise<string> {
    await this.search.lookUp();
    return id;
  }

  @TrackStage('SECRET')
  @SetMetadata('role', 'admin')
  @Get('secret')
  secret(): string {
    return 'secret';
  }

  @Post()
  create(): string {
    return 'made';
  }

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return this.search.tokens(3).pipe(map((data) => ({ data })));
  }

  @Sse('endless')
  endless(): Observable<MessageEvent> {
    return this.search.tokens(1_000_000).pipe(map((data) => ({ data })));
  }
}

/** The application while it runs. */
export interface Running {
  readonly port: number;
  readonly header: string;
  /** What is known of the request with this id, as soon as it has ended; to be called before the request. */
  ended(traceId: string): Promise<ExecutionSummary | undefined>;
  close(): Promise<void>;
}

/** The ways to set the module up. */
export type Setup = 'forRoot' | 'forRootAsync';

export async function start(
  adapter: string,
  setup: Setup,
  options: ObservabilityOptions = {},
): Promise<Running> {
  const sink = new EndSink();
  const all: ObservabilityOptions = { sampleRate: 1, ...options, sinks: [sink] };

  @Module({
    imports: [
      LoggerModule.forRoot({ pinoHttp: [{ mixin: traceMixin, autoLogging: false, level: 'debug' }, memory] }),
      setup === 'forRoot'
        ? ObservabilityModule.forRoot(all)
        : ObservabilityModule.forRootAsync({ useFactory: () => Promise.resolve(all) }),
    ],
    controllers: [SearchController],
    providers: [SearchService],
  })
  class AppModule {}

  const nest = { logger: false, forceCloseConnections: true, abortOnError: false } as const;
  const app: INestApplication =
    adapter === 'fastify'
      ? await NestFactory.create(AppModule, new FastifyAdapter({ forceCloseConnections: true }), nest)
      : await NestFactory.create(AppModule, nest);
  app.enableCors();
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as { address(): AddressInfo };
  return {
    port: server.address().port,
    header: TRACE_ID_HEADER,
    ended: async (traceId) => {
      await sink.ended(traceId);
      return app.get(ExecutionTracker).getExecutionSummary(traceId);
    },
    close: () => app.close(),
  };
}
