import 'reflect-metadata';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  type MessageEvent,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Post,
  Redirect,
  Scope,
  SetMetadata,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { map, type Observable, of } from 'rxjs';
import { ExecutionTracker, TrackStage } from '@followspot/core';
import { call } from './testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from './testing/running-app.js';

const Roles = (...roles: string[]): MethodDecorator => SetMetadata('roles', roles);

/** Lets in who has the role that the handler asks for; without metadata everybody would be let in. */
@Injectable()
class RolesGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.get<string[] | undefined>('roles', context.getHandler());
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return roles === undefined || roles.includes(headers['x-role'] ?? '');
  }
}

@Injectable()
class Doubling implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: number) => value * 2));
  }
}

@Controller('above')
@UseGuards(RolesGuard)
class AboveController {
  @TrackStage('WORK') @Get('plain/:id') plain(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }
  @TrackStage('WORK') @Get('secret') @Roles('admin') secret(): string {
    return 'secret';
  }
  @TrackStage('WORK') @Get('doubled') @UseInterceptors(Doubling) async doubled(): Promise<number> {
    return 21;
  }
  @TrackStage('WORK') @Post('made') @HttpCode(202) @Header('X-Made', 'yes') made(
    @Body() body: object,
  ): object {
    return body;
  }
  @TrackStage('WORK') @Sse('stream') @Roles('admin') stream(): Observable<MessageEvent> {
    return of({ data: 'a' });
  }
  @TrackStage('WORK') @Get('moved') @Redirect('/elsewhere', 301) moved(): void {}
}

@Controller('below')
@UseGuards(RolesGuard)
class BelowController {
  @Get('plain/:id') @TrackStage('WORK') plain(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }
  @Get('secret') @Roles('admin') @TrackStage('WORK') secret(): string {
    return 'secret';
  }
  @Get('doubled') @UseInterceptors(Doubling) @TrackStage('WORK') async doubled(): Promise<number> {
    return 21;
  }
  @Post('made') @HttpCode(202) @Header('X-Made', 'yes') @TrackStage('WORK') made(
    @Body() body: object,
  ): object {
    return body;
  }
  @Sse('stream') @Roles('admin') @TrackStage('WORK') stream(): Observable<MessageEvent> {
    return of({ data: 'a' });
  }
  @Get('moved') @Redirect('/elsewhere', 301) @TrackStage('WORK') moved(): void {}
}

@Controller('between')
@UseGuards(RolesGuard)
class BetweenController {
  @Get('plain/:id') @TrackStage('WORK') @HttpCode(200) plain(@Param('id', ParseIntPipe) id: number): number {
    return id;
  }
  @Roles('admin') @TrackStage('WORK') @Get('secret') secret(): string {
    return 'secret';
  }
  @UseInterceptors(Doubling) @TrackStage('WORK') @Get('doubled') async doubled(): Promise<number> {
    return 21;
  }
  @HttpCode(202) @TrackStage('WORK') @Post('made') @Header('X-Made', 'yes') made(
    @Body() body: object,
  ): object {
    return body;
  }
  @Roles('admin') @TrackStage('WORK') @Sse('stream') stream(): Observable<MessageEvent> {
    return of({ data: 'a' });
  }
  @Redirect('/elsewhere', 301) @TrackStage('WORK') @Get('moved') moved(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  readonly #number = Math.random();
  @TrackStage('SCOPED') number(): number {
    return this.#number;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class PerUse {
  readonly #number = Math.random();
  @TrackStage('SCOPED') number(): number {
    return this.#number;
  }
}

@Controller('returns')
class ReturnsController {
  constructor(
    @Inject(PerRequest) private readonly perRequest: PerRequest,
    @Inject(PerUse) private readonly perUse: PerUse,
    @Inject(ExecutionTracker) private readonly tracker: ExecutionTracker,
  ) {}

  @Get('file') @TrackStage('WORK') file(): StreamableFile {
    return new StreamableFile(Readable.from(['a', 'b']));
  }
  @Get('generator') @TrackStage('WORK') async *generator(): AsyncGenerator<string> {
    yield 'a';
    yield String(this.tracker.traceId);
  }
  @Get('web') @TrackStage('WORK') web(): ReadableStream {
    return new Blob(['ab']).stream() as ReadableStream;
  }
  @Get('observable') @TrackStage('WORK') observable(): Observable<object> {
    return of({ a: 1 });
  }
  @Get('nothing') @TrackStage('WORK') nothing(): void {}
  @Get('frozen') @TrackStage('WORK') frozen(): object {
    return Object.freeze({ a: [1] });
  }
  @Get('scoped') scoped(): number[] {
    return [this.perRequest.number(), this.perRequest.number(), this.perUse.number()];
  }
}

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, {
      controllers: [AboveController, BelowController, BetweenController, ReturnsController],
      providers: [PerRequest, PerUse],
    });
  });
  afterAll(() => app.close());

  describe.each([['above'], ['below'], ['between']])('@TrackStage %s other decorators', (place) => {
    const admin = { 'x-role': 'admin' };
    const stagesOf = async (traceId: string): Promise<string[]> => {
      const root = await app.sink.root(traceId);
      const parent = root.substages.find(({ kind }) => kind === 'stream') ?? root;
      return parent.substages.map(({ stageId }) => stageId);
    };

    it('leaves routes and pipes on parameters as they are', async () => {
      expect(await call(app.port, `/${place}/plain/7`, { traceId: `${place}-plain` })).toMatchObject({
        status: 200,
        text: '7',
      });
      expect(await call(app.port, `/${place}/plain/x`)).toMatchObject({ status: 400 });
      expect(await stagesOf(`${place}-plain`)).toEqual(['WORK']);
      expect((await app.sink.root(`${place}-plain`)).attributes['handler']).toMatch(/Controller\.plain$/);
    });

    it.each([['secret'], ['stream']])('leaves the guard its metadata: /%s stays closed', async (path) => {
      const denied = `${place}-denied-${path}`;
      expect(await call(app.port, `/${place}/${path}`, { traceId: denied })).toMatchObject({ status: 403 });
      expect(await app.sink.root(denied)).toMatchObject({
        substages: [],
        attributes: { route: `/${place}/${path}` },
      });
      const answer = await call(app.port, `/${place}/${path}`, {
        traceId: `${place}-${path}`,
        headers: admin,
      });
      expect(answer).toMatchObject({
        status: 200,
        text: expect.stringContaining(path === 'secret' ? 'secret' : 'data: a'),
      });
      expect(await stagesOf(`${place}-${path}`)).toEqual(['WORK']);
    });

    it('leaves interceptors, status, headers and redirects as they are', async () => {
      expect(await call(app.port, `/${place}/doubled`)).toMatchObject({ status: 200, text: '42' });
      const options = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
      const made = await call(app.port, `/${place}/made`, options);
      expect(made).toMatchObject({ status: 202, text: '{"a":1}', headers: { 'x-made': 'yes' } });
      expect(await call(app.port, `/${place}/moved`)).toMatchObject({
        status: 301,
        headers: { location: '/elsewhere' },
      });
    });
  });

  it.each([
    ['file', 'ab'],
    ['generator', 'areturns-generator'],
    ['web', 'ab'],
    ['observable', '{"a":1}'],
    ['nothing', ''],
    ['frozen', '{"a":[1]}'],
  ])('what a tracked handler returns reaches the client unchanged: %s', async (path, text) => {
    const traceId = `returns-${path}`;
    expect(await call(app.port, `/returns/${path}`, { traceId })).toMatchObject({ status: 200, text });
    const root = await app.sink.root(traceId);
    expect(root.substages).toMatchObject([{ stageId: 'WORK', outcome: 'ok' }]);
    expect(root.outcome).toBe('ok');
  });

  it('request-scoped and transient providers are tracked and stay what they are', async () => {
    const [one, two] = await Promise.all(
      ['s1', 's2'].map((traceId) => call(app.port, '/returns/scoped', { traceId })),
    );
    const [a, again, use] = JSON.parse(one!.text) as number[];
    const [b] = JSON.parse(two!.text) as number[];
    expect(a).toBe(again);
    expect(new Set([a, b, use]).size).toBe(3);
    expect((await app.sink.root('s1')).substages.map(({ stageId }) => stageId)).toEqual([
      'SCOPED',
      'SCOPED',
      'SCOPED',
    ]);
  });
});
