import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  ForbiddenException,
  type MessageEvent,
  NotFoundException,
  Param,
  ParseIntPipe,
  Req,
  RequestMethod,
  Sse,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { Registry } from 'prom-client';
import { concat, interval, map, merge, NEVER, type Observable, of, Subject, throwError, timeout } from 'rxjs';
import { type Outcome, type StreamEnding, TrackStage } from '@followspot/core';
import { traceMixin } from '@followspot/sinks/log';
import { PrometheusSink } from '@followspot/sinks/prometheus';
import { call, openStream, rawConnection, send } from './testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from './testing/running-app.js';
import { type Moments, newMoments, StreamsController } from './testing/streams.controller.js';

interface Line {
  readonly msg: string;
  readonly traceId?: string;
  readonly stage?: string;
  readonly ending?: string;
  readonly outcome?: string;
}

let lines: Line[] = [];
const memory = new Writable({
  write: (chunk, _, done) => {
    lines.push(JSON.parse(String(chunk)) as Line);
    done();
  },
});

class ForbiddingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class UnknownCallerGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

@Controller()
class RefusingController {
  @Sse('forbidden')
  @UseGuards(ForbiddingGuard)
  forbidden(): Observable<MessageEvent> {
    return NEVER;
  }

  @Sse('unauthorized')
  @UseGuards(UnknownCallerGuard)
  unauthorized(): Observable<MessageEvent> {
    return NEVER;
  }

  @Sse('numbers/:id')
  numbers(@Param('id', ParseIntPipe) id: number): Observable<MessageEvent> {
    return of({ data: String(id) });
  }

  @Sse('rejects-in-a-microtask')
  rejectsInAMicrotask(): Promise<Observable<MessageEvent>> {
    return Promise.reject(new TypeError('in time for a status'));
  }

  @Sse('refuses-in-a-microtask')
  refusesInAMicrotask(): Promise<Observable<MessageEvent>> {
    return Promise.reject(new NotFoundException());
  }

  @Sse('refuses-by-throw-error')
  refusesByThrowError(): Observable<MessageEvent> {
    return throwError(() => new ForbiddenException());
  }
}

/** More than the operating system takes from a client that does not read. */
const BIG = 'x'.repeat(16_777_216);

@Controller()
class MoreStreamsController {
  @Sse('one-big')
  oneBig(): Observable<MessageEvent> {
    return concat(of({ data: BIG }), NEVER);
  }

  @Sse('posted-open', { method: RequestMethod.POST })
  postedOpen(): Observable<MessageEvent> {
    return this.open();
  }

  @Sse('upstream-fails')
  upstreamFails(): Observable<MessageEvent> {
    return concat(of({ data: 'first' }), this.answer());
  }

  @Sse('times-out')
  timesOut(): Observable<MessageEvent> {
    return concat(of({ data: 'first' }), NEVER.pipe(timeout(5)));
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  answer(): Observable<MessageEvent> {
    return throwError(() => new TypeError('503 from the provider'));
  }

  /** Completes in the very tick in which its client is known to have left. */
  @Sse('completes-with-the-leaving')
  completesWithTheLeaving(@Req() request: { readonly raw?: IncomingMessage }): Observable<MessageEvent> {
    const { socket } = request.raw ?? (request as IncomingMessage);
    const events = new Subject<MessageEvent>();
    socket.prependOnceListener('close', () => {
      events.complete();
    });
    return merge(of({ data: 'first' }), events);
  }

  @Sse('pours', { maxPendingDataLength: 500_000 })
  pours(): Observable<MessageEvent> {
    return interval(1).pipe(map(() => ({ data: 'x'.repeat(65_536) })));
  }

  @Sse('open')
  open(): Observable<MessageEvent> {
    return merge(of({ data: 'first' }), NEVER);
  }
}

/** What a case may use. */
interface Scene {
  readonly app: RunningApp;
  readonly moments: Moments;
  readonly traceId: string;
}

interface Case {
  readonly name: string;
  /** Plays the client, to the end of the request. */
  readonly play: (scene: Scene) => Promise<unknown>;
  /** `refused`: the handler was asked and an error answered, so that its stream stage has no ending. */
  readonly ending: StreamEnding | 'refused' | 'no stream';
  readonly request: Outcome;
  /** Undefined where the client leaves before it is sent. */
  readonly status?: number;
}

/** Reads until `text` has come, then hangs up. */
const leaveAfter =
  (path: string, text: string, method = 'GET') =>
  async ({ app, traceId }: Scene): Promise<void> => {
    const stream = await openStream(app.port, path, { traceId, method });
    await stream.seen(text);
    stream.leave();
  };

/** Hangs up when the server has come to a moment, and lets it go on by another one. */
const leaveAt =
  (path: string, moment: string, goesOnBy?: string) =>
  async ({ app, moments, traceId }: Scene): Promise<void> => {
    const { request } = await send(app.port, path, { traceId });
    await moments.passed(moment);
    request.destroy();
    await app.sink.root(traceId);
    if (goesOnBy !== undefined) moments.pass(goesOnBy);
  };

const read =
  (path: string, method = 'GET') =>
  ({ app, traceId }: Scene): Promise<unknown> =>
    call(app.port, path, { traceId, method });

/** Stays until the answer is complete; a client of Node's leaves with the headers, which may be earlier. */
const readHead =
  (path: string) =>
  async ({ app, traceId }: Scene): Promise<void> => {
    const socket = await rawConnection(app.port);
    socket.resume();
    socket.write(`HEAD ${path} HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${traceId}\r\n\r\n`);
    await app.sink.root(traceId);
    socket.destroy();
  };

const left = { ending: 'client_disconnect', request: 'cancelled' } as const;
const completed = { ending: 'completed', request: 'ok', status: 200 } as const;
const failed = { ending: 'server_error', request: 'error' } as const;
const refused = { ending: 'refused', request: 'ok' } as const;
const notReached = { ending: 'no stream', request: 'ok' } as const;

/** Every way in which the request of a stream can go. */
const CASES: readonly Case[] = [
  {
    name: 'a client that leaves while a guard decides',
    play: leaveAt('/guarded', 'guarding', 'let through'),
    ending: 'no stream',
    request: 'cancelled',
  },
  {
    name: 'a client that leaves during an async handler',
    play: leaveAt('/preparing', 'preparing', 'prepared'),
    ...left,
  },
  { name: 'a client that leaves before the first event', play: leaveAt('/silent', 'subscribed'), ...left },
  { name: 'a client that leaves between two events', play: leaveAfter('/endless', 'data: 2'), ...left },
  {
    name: 'a client that leaves in the tick in which the stream completes',
    play: leaveAfter('/completes-with-the-leaving', 'first'),
    ...left,
  },
  {
    name: 'a client that leaves when the stream has completed',
    play: async ({ app, traceId }) => {
      const stream = await openStream(app.port, '/synchronous', { traceId });
      await app.sink.root(traceId);
      stream.leave();
    },
    ...completed,
  },
  {
    name: 'a client that leaves in the middle of an event',
    play: leaveAfter('/one-big', 'data: x'),
    ...left,
    status: 200,
  },
  {
    name: 'a client that leaves the answer to a POST',
    play: leaveAfter('/posted-open', 'first', 'POST'),
    ...left,
    status: 201,
  },
  { name: 'a handler that throws', play: read('/throws'), ...failed, status: 500 },
  {
    name: 'a handler that rejects in a microtask',
    play: read('/rejects-in-a-microtask'),
    ...failed,
    status: 500,
  },
  { name: 'a handler that rejects after 30 ms', play: read('/rejects'), ...failed, status: 500 },
  { name: 'throwError at once', play: read('/fails-at-once'), ...failed, status: 500 },
  { name: 'an error after the first event', play: read('/fails'), ...failed, status: 200 },
  { name: 'an event that cannot be serialised', play: read('/bigint-later'), ...failed, status: 200 },
  { name: 'a first event that cannot be serialised', play: read('/bigint-first'), ...failed, status: 500 },
  {
    name: 'a provider that fails',
    play: read('/upstream-fails'),
    ending: 'upstream_error',
    request: 'error',
    status: 200,
  },
  { name: 'a time-out', play: read('/times-out'), ending: 'timeout', request: 'error', status: 200 },
  { name: 'a pipe that refuses', play: read('/numbers/one'), ...refused, status: 400 },
  { name: 'a handler that refuses', play: read('/refuses'), ...refused, status: 404 },
  {
    name: 'a handler that refuses in a microtask',
    play: read('/refuses-in-a-microtask'),
    ...refused,
    status: 404,
  },
  { name: 'a refusal by throwError', play: read('/refuses-by-throw-error'), ...refused, status: 403 },
  { name: 'a guard that denies', play: read('/forbidden'), ...notReached, status: 403 },
  { name: 'a guard that throws', play: read('/unauthorized'), ...notReached, status: 401 },
  { name: 'a route that is not there', play: read('/nowhere'), ...notReached, status: 404 },
  { name: 'a stream that completes', play: read('/complete'), ...completed },
  { name: 'an empty stream', play: read('/empty'), ...completed },
  { name: 'HEAD', play: readHead('/endless'), ...completed },
  { name: 'POST', play: read('/posted', 'POST'), ...completed, status: 201 },
  {
    name: 'a slow reader that is dropped at maxPendingDataLength',
    play: async ({ app, traceId }) => {
      const socket = await rawConnection(app.port);
      socket.pause();
      socket.write(`GET /pours HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${traceId}\r\n\r\n`);
      await app.sink.root(traceId);
      socket.destroy();
    },
    ending: 'slow_consumer',
    request: 'cancelled',
  },
  {
    name: 'a shutdown with the stream open',
    play: async ({ app, traceId }) => {
      const stream = await openStream(app.port, '/open', { traceId });
      await stream.seen('first');
      await app.close();
    },
    ending: 'shutdown',
    request: 'cancelled',
  },
];

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  /** Counts with the application's own for the same registry, and still does when that has been closed. */
  let metrics: PrometheusSink;
  beforeEach(async () => {
    lines = [];
    metrics = new PrometheusSink({ registry: new Registry() }).register();
    app = await startApp(adapter, {
      controllers: [StreamsController, MoreStreamsController, RefusingController],
      imports: [LoggerModule.forRoot({ pinoHttp: [{ mixin: traceMixin, autoLogging: false }, memory] })],
      options: { log: true, metrics: { registry: metrics.registry } },
    });
  });
  afterEach(async () => {
    await app.close();
    metrics.close();
  });

  /** The lines of these metrics that are not 0. */
  async function counted(...names: readonly string[]): Promise<string[]> {
    const { body } = await metrics.scrape('text');
    return body
      .split('\n')
      .filter((line) => names.some((name) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)))
      .filter((line) => !line.endsWith(' 0'));
  }

  it.each(CASES.map((row) => [row.name, row.ending, row] as const))(
    '%s ends as %s in stage, history, log and metrics, once, and nothing stays open',
    async (name, _, { play, ending, request, status }) => {
      const stages = ending === 'no stream' ? [] : [ending === 'refused' ? undefined : ending];
      const endings = stages.filter((known) => known !== undefined);
      const traceId = name.replaceAll(' ', '-');
      await play({ app, moments: newMoments(), traceId });
      const root = await app.sink.root(traceId);
      // What comes late has come by then.
      await new Promise(setImmediate);

      const streams = app.sink.stages.filter(
        ({ stage, trace }) => stage.kind === 'stream' && trace.traceId === traceId,
      );
      expect(streams.map(({ stage }) => stage.ending)).toEqual(stages);
      expect(app.sink.roots(traceId)).toHaveLength(1);
      expect(root.outcome).toBe(request);
      if (status !== undefined) expect(root.attributes['statusCode']).toBe(status);

      const summary = app.tracker.getExecutionSummary(traceId);
      expect(summary).toMatchObject({ traceId, outcome: request, running: false });
      expect(summary?.stages[0]?.substages.map((stage) => stage.ending)).toEqual(stages);

      const ends = lines.filter((line) => line.outcome !== undefined && line.traceId === traceId);
      expect(ends.filter((line) => line.stage === 'HTTP.1_REQUEST')).toMatchObject([{ outcome: request }]);
      expect(ends.filter((line) => line.stage === 'HTTP.2_STREAM').map((line) => line.ending)).toEqual(
        stages,
      );

      expect(await counted('sse_connections_closed_total')).toEqual(
        endings.map((known) =>
          expect.stringMatching(new RegExp(`^sse_connections_closed_total\\{.*ending="${known}".*\\} 1$`)),
        ),
      );
      expect(await counted('http_errors_total')).toHaveLength(request === 'error' ? 1 : 0);
      expect(await counted('sse_connections_active', 'http_requests_in_flight')).toEqual([]);

      expect(app.recorder.openTraceCount).toBe(0);
      expect(app.tracker.getDropCounts().internalErrors).toBe(0);
    },
  );
});
