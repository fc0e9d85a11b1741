import 'reflect-metadata';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Logger,
  type MessageEvent,
  Sse,
  UnauthorizedException,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { Logger as PinoNestLogger, LoggerModule, PinoLogger } from 'nestjs-pino';
import { finalize, map, type Observable, tap, timer } from 'rxjs';
import { TrackStage } from '@followspot/core';
import { traceMixin } from '@followspot/sinks/log';
import type { ObservabilityOptions } from './config/observability-options.js';
import { call, openStream } from './testing/http-client.js';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from './testing/running-app.js';

type Line = Record<string, unknown> & { msg: string };

/** What pino has written; one for the file, because nestjs-pino has one root logger for the process. */
let lines: Line[] = [];
let onLine: (line: Line) => void = () => {};
const memory = new Writable({
  write: (chunk, _, done) => {
    const line = JSON.parse(String(chunk)) as Line;
    lines.push(line);
    onLine(line);
    done();
  },
});

@Injectable()
class DenyingGuard implements CanActivate {
  readonly #logger = new Logger('Guard');
  canActivate(): boolean {
    this.#logger.log('said by a guard');
    throw new UnauthorizedException();
  }
}

@Catch(HttpException)
class TalkingFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('Filter');
  override catch(exception: HttpException, host: ArgumentsHost): void {
    this.#logger.warn('said by a filter');
    super.catch(exception, host);
  }
}

@Controller()
class TalkingController {
  readonly #nestLogger = new Logger('Nest');

  constructor(@Inject(PinoLogger) private readonly pino: PinoLogger) {}

  @Get('work')
  @TrackStage('2.0_CACHE_LOOKUP', { kind: 'cache', attributes: () => ({ cache: 'L1', hit: true }) })
  work(): string {
    this.pino.info('said by pino');
    this.#nestLogger.log('said by Nest');
    return 'done';
  }

  @Get('fails')
  @TrackStage('FAILING')
  fails(): string {
    throw new TypeError('no such thing');
  }

  @Get('denied')
  @UseGuards(DenyingGuard)
  @UseFilters(TalkingFilter)
  denied(): void {}

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return timer(0, 2).pipe(
      tap(() => {
        this.pino.info('said by the source');
      }),
      map((n) => ({ data: String(n) })),
      finalize(() => {
        this.pino.info('said in the teardown');
      }),
    );
  }
}

async function startLoggingApp(
  adapter: AdapterName,
  options: ObservabilityOptions = {},
): Promise<RunningApp> {
  return startApp(adapter, {
    controllers: [TalkingController],
    providers: [DenyingGuard],
    imports: [
      LoggerModule.forRoot({ pinoHttp: [{ mixin: traceMixin, autoLogging: false, level: 'debug' }, memory] }),
    ],
    options: { log: true, ...options },
    configure: (app) => {
      app.useLogger(app.get(PinoNestLogger));
    },
  });
}

const DEBUG = 20;
const INFO = 30;

describe.each(ADAPTERS)('With nestjs-pino on %s', (adapter) => {
  beforeEach(() => {
    lines = [];
    onLine = () => {};
  });

  const of = (traceId: string): Line[] => lines.filter((line) => line['traceId'] === traceId);
  const ours = (traceId: string): Line[] => of(traceId).filter(({ msg }) => msg.startsWith('Stage '));

  it('each stage has a line at debug when it starts and one at info when it has ended', async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/work', { traceId: 'work' });
    await app.sink.root('work');
    const who = { context: 'Followspot', threadId: 'work', traceId: 'work' };
    const request = { ...who, stage: 'HTTP.1_REQUEST', stageName: 'GET /work', kind: 'request' };
    const lookup = { ...who, stage: '2.0_CACHE_LOOKUP', stageName: 'Cache Lookup', kind: 'cache' };
    const end = { level: INFO, msg: 'Stage completed', durationMs: expect.any(Number), outcome: 'ok' };
    expect(ours('work')).toEqual([
      expect.objectContaining({ level: DEBUG, msg: 'Stage started', ...request, stageName: 'Request' }),
      expect.objectContaining({ level: DEBUG, msg: 'Stage started', ...lookup }),
      expect.objectContaining({ ...end, ...lookup, attributes: { cache: 'L1', hit: true } }),
      expect.objectContaining({
        ...end,
        ...request,
        attributes: expect.objectContaining({ statusCode: 200 }),
      }),
    ]);
    await app.close();
  });

  it('every line of a request carries the trace id, whoever writes it', async () => {
    const app = await startLoggingApp(adapter);
    const requestLines: Line[] = lines;
    requestLines.length = 0;
    await call(app.port, '/work', { traceId: 'work' });
    await call(app.port, '/denied', { traceId: 'denied' });
    await call(app.port, '/fails', { traceId: 'fails' });
    await app.sink.root('fails');
    expect(requestLines.filter(({ traceId }) => traceId === undefined)).toEqual([]);
    expect(of('work').map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['said by pino', 'said by Nest']),
    );
    expect(of('denied').map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['said by a guard', 'said by a filter']),
    );
    expect(of('fails').some(({ level, msg }) => level === 50 && msg.includes('no such thing'))).toBe(true);
    await app.close();
  });

  it('each line has the trace id once', async () => {
    const app = await startLoggingApp(adapter);
    const texts: string[] = [];
    onLine = (line) => texts.push(JSON.stringify(line));
    await call(app.port, '/work', { traceId: 'once' });
    await app.sink.root('once');
    for (const text of texts) expect(text.match(/"traceId"/g)).toHaveLength(1);
    expect(texts.length).toBeGreaterThan(4);
    await app.close();
  });

  it('no line tells of the request a second time', async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/work', { traceId: 'second' });
    await app.sink.root('second');
    expect(of('second').filter(({ msg }) => /request/i.test(msg))).toEqual([]);
    expect(
      ours('second').filter(({ msg, kind }) => msg === 'Stage completed' && kind === 'request'),
    ).toHaveLength(1);
    await app.close();
  });

  it('also after the client has gone', async () => {
    const app = await startLoggingApp(adapter);
    const stream = await openStream(app.port, '/stream', { traceId: 'gone' });
    await stream.seen('data: 1');
    stream.leave();
    await app.sink.root('gone');
    expect(of('gone').filter(({ msg }) => msg === 'said in the teardown')).toHaveLength(1);
    expect(ours('gone').filter(({ kind }) => kind === 'stream')).toMatchObject([
      { msg: 'Stage started' },
      { msg: 'Stage completed', outcome: 'cancelled', ending: 'client_disconnect' },
    ]);
    expect(lines.filter(({ msg, traceId }) => msg.startsWith('said') && traceId !== 'gone')).toEqual([]);
    await app.close();
  });

  it('a failed stage tells the class and the message of its error', async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/fails', { traceId: 'fails' });
    await app.sink.root('fails');
    expect(ours('fails')).toContainEqual(
      expect.objectContaining({
        stage: 'FAILING',
        outcome: 'error',
        errorType: 'TypeError',
        errorMessage: 'no such thing',
      }),
    );
    await app.close();
  });

  it('a sampled-out request has no line of ours, and its own lines still carry the trace id', async () => {
    const app = await startLoggingApp(adapter, { sampleRate: 0 });
    await call(app.port, '/work', { traceId: 'out' });
    await app.sink.root('out');
    expect(ours('out')).toEqual([]);
    expect(of('out').map(({ msg }) => msg)).toEqual(['said by pino', 'said by Nest']);
    await app.close();
  });

  it('the lines of a rescued request come when it ends', async () => {
    const app = await startLoggingApp(adapter, { sampleRate: 0 });
    const stream = await openStream(app.port, '/stream', { traceId: 'rescued' });
    await stream.seen('data: 1');
    expect(ours('rescued')).toEqual([]);
    stream.leave();
    await app.sink.root('rescued');
    expect(ours('rescued').map(({ msg, kind }) => [msg, kind])).toEqual([
      ['Stage completed', 'stream'],
      ['Stage completed', 'request'],
    ]);
    await app.close();
  });

  it('a thread id of its own is on every line', async () => {
    const app = await startLoggingApp(adapter, { threadId: () => 'conversation-7' });
    await call(app.port, '/work', { traceId: 'thread' });
    await app.sink.root('thread');
    expect(of('thread').length).toBeGreaterThan(4);
    expect(new Set(of('thread').map(({ threadId }) => threadId))).toEqual(new Set(['conversation-7']));
    await app.close();
  });

  it('with log: false there is no line of ours', async () => {
    const app = await startLoggingApp(adapter, { log: false });
    await call(app.port, '/work', { traceId: 'quiet' });
    await app.sink.root('quiet');
    expect(ours('quiet')).toEqual([]);
    expect(of('quiet')).toHaveLength(2);
    await app.close();
  });
});
