import 'reflect-metadata';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  BadRequestException,
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
import { ObservabilityLogger, traceMixin } from '@followspot/sinks/log';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { call, openStream } from '../testing/http-client.js';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from '../testing/running-app.js';

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

  constructor(
    @Inject(PinoLogger) private readonly pino: PinoLogger,
    @Inject(ObservabilityLogger) private readonly lines: ObservabilityLogger,
  ) {}

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

  @Get('refuses')
  @TrackStage('VALIDATION')
  refuses(): string {
    throw new BadRequestException('q is missing');
  }

  @Get('secrets')
  @TrackStage('SECRETS')
  secrets(): string {
    return this.secret();
  }

  @TrackStage('PROVIDER', { kind: 'provider' })
  secret(): string {
    const cause = new Error('connect redis://user:hunter2@cache');
    throw new Error('GET http://h/?q=illness failed for sk-hunter2hunter2', { cause });
  }

  @Get('by-hand')
  byHand(): string {
    this.lines.logCacheMetrics({ cache: 'redis', hit: false, latencyMs: 2 });
    this.lines.logError('QUOTA', 'nothing left', { cause: new Error('spent') });
    return 'done';
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
      LoggerModule.forRoot({
        pinoHttp: [{ mixin: traceMixin, autoLogging: false, level: 'debug' }, memory],
      }),
    ],
    options: { log: true, ...options },
    configure: (app) => {
      app.useLogger(app.get(PinoNestLogger));
    },
  });
}

const DEBUG = 20;
const INFO = 30;
const WARN = 40;
const ERROR = 50;

describe.each(ADAPTERS)('With nestjs-pino on %s', (adapter) => {
  beforeEach(() => {
    lines = [];
    onLine = () => {};
  });

  const of = (traceId: string): Line[] => lines.filter((line) => line['traceId'] === traceId);
  const ours = (traceId: string): Line[] => of(traceId).filter(({ context }) => context === 'Followspot');

  it('each stage has a line at debug when it starts and one at info when it has ended', async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/work', { traceId: 'work' });
    await app.sink.root('work');
    const who = { context: 'Followspot', traceId: 'work' };
    const request = { ...who, stage: 'HTTP.1_REQUEST' };
    const lookup = { ...who, stage: '2.0_CACHE_LOOKUP' };
    const ended = { latencyMs: expect.any(Number), outcome: 'ok' };
    const answered = { method: 'GET', route: '/work', statusCode: 200, keptBecause: 'sampled' };
    expect(ours('work').map(({ time: _, pid: __, hostname: ___, ...line }) => line)).toEqual([
      {
        level: DEBUG,
        msg: 'Stage started',
        event: 'stage',
        ...request,
        stageName: 'Request',
        kind: 'request',
      },
      {
        level: DEBUG,
        msg: 'Stage started',
        event: 'stage',
        ...lookup,
        stageName: 'Cache Lookup',
        kind: 'cache',
      },
      { level: INFO, msg: 'Cache L1 hit', event: 'cache', ...lookup, cache: 'L1', hit: true, ...ended },
      {
        ...{ level: INFO, msg: 'GET /work 200', event: 'request', ...request, ...answered, ...ended },
        attributes: { handler: 'TalkingController.work' },
      },
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
    expect(ours('second').filter(({ event }) => event === 'request')).toHaveLength(1);
    expect(new Set(ours('second').map(({ stage, level }) => `${String(stage)} ${String(level)}`)).size).toBe(
      ours('second').length,
    );
    await app.close();
  });

  it('also after the client has gone', async () => {
    const app = await startLoggingApp(adapter);
    const stream = await openStream(app.port, '/stream', { traceId: 'gone' });
    await stream.seen('data: 1');
    stream.leave();
    await app.sink.root('gone');
    expect(of('gone').filter(({ msg }) => msg === 'said in the teardown')).toHaveLength(1);
    expect(ours('gone').filter(({ stage }) => stage === 'HTTP.2_STREAM')).toMatchObject([
      { level: DEBUG, msg: 'Stream opened', event: 'stream_event', eventType: 'opened', streamId: 'gone' },
      {
        level: INFO,
        event: 'sse',
        outcome: 'cancelled',
        ending: 'client_disconnect',
        events: expect.any(Number),
      },
    ]);
    expect(lines.filter(({ msg, traceId }) => msg.startsWith('said') && traceId !== 'gone')).toEqual([]);
    await app.close();
  });

  it('an error has a line of its own at the stage that failed, and the request fails at error', async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/fails', { traceId: 'fails' });
    await app.sink.root('fails');
    expect(ours('fails').filter(({ level }) => level !== DEBUG)).toMatchObject([
      { level: ERROR, event: 'error', stage: 'FAILING', errorType: 'TypeError', msg: 'no such thing' },
      { level: INFO, event: 'stage', stage: 'FAILING', outcome: 'error', errorType: 'TypeError' },
      { level: ERROR, event: 'request', statusCode: 500, outcome: 'error' },
    ]);
    await app.close();
  });

  it("a client's mistake is no error of the service", async () => {
    const app = await startLoggingApp(adapter);
    await call(app.port, '/refuses', { traceId: 'refused' });
    await app.sink.root('refused');
    expect(ours('refused').filter(({ level }) => level !== DEBUG)).toMatchObject([
      { level: WARN, event: 'error', errorType: 'BadRequestException', status: 400, msg: 'q is missing' },
      { level: INFO, event: 'stage', stage: 'VALIDATION' },
      { level: INFO, event: 'request', statusCode: 400, outcome: 'ok' },
    ]);
    await app.close();
  });

  it('no line of ours shows a secret or what somebody has asked, unless it may', async () => {
    const app = await startLoggingApp(adapter);
    const headers = { authorization: 'Bearer hunter2hunter2', cookie: 'sid=hunter2', 'x-api-key': 'hunter2' };
    await call(app.port, '/secrets?q=my+illness&api_key=hunter2', { traceId: 'secrets', headers });
    await app.sink.root('secrets');
    expect(ours('secrets').length).toBeGreaterThan(4);
    expect(JSON.stringify(ours('secrets'))).not.toMatch(/hunter2|illness/);
    expect(ours('secrets')).toContainEqual(
      expect.objectContaining({
        msg: 'GET http://h/?q=[redacted] failed for [redacted]',
        causes: ['Error: connect redis://[redacted]@cache'],
      }),
    );
    await app.close();

    const open = await startLoggingApp(adapter, { log: { queryText: true } });
    await call(open.port, '/secrets', { traceId: 'open' });
    await open.sink.root('open');
    expect(JSON.stringify(ours('open'))).toMatch(/illness/);
    expect(JSON.stringify(ours('open'))).not.toMatch(/hunter2/);
    await open.close();
  });

  it('the application writes lines of the same shape by hand, with the trace id of the request', async () => {
    const app = await startLoggingApp(adapter, { log: false });
    await call(app.port, '/by-hand', { traceId: 'hand' });
    expect(ours('hand')).toMatchObject([
      { level: INFO, event: 'cache', cache: 'redis', hit: false, latencyMs: 2, msg: 'Cache redis miss' },
      { level: ERROR, event: 'error', errorType: 'QUOTA', msg: 'nothing left', causes: ['Error: spent'] },
    ]);
    await app.close();
  });

  it('what is cut from a line is counted', async () => {
    const app = await startLoggingApp(adapter, { log: { limits: { textLength: 16 } } });
    app.nest.get(ObservabilityLogger).logError('HUGE', 'x'.repeat(1_000_000));
    expect(app.tracker.getDropCounts().logValues).toBe(1);
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
    expect(ours('rescued')).toMatchObject([
      { event: 'sse', ending: 'client_disconnect' },
      { event: 'request', outcome: 'cancelled', keptBecause: 'abandoned' },
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

  it('with traces: all a sampled-out request has its lines, too', async () => {
    const app = await startLoggingApp(adapter, { sampleRate: 0, log: { traces: 'all', stages: false } });
    await call(app.port, '/work', { traceId: 'all' });
    await app.sink.root('all');
    expect(ours('all').map(({ msg }) => msg)).toEqual(['Cache L1 hit', 'GET /work 200']);
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
