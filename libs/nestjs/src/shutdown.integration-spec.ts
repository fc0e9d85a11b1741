import 'reflect-metadata';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Injectable,
  type MessageEvent,
  type OnModuleDestroy,
  Sse,
} from '@nestjs/common';
import { interval, map, NEVER, type Observable, Subject, takeUntil } from 'rxjs';
import type { Sink } from '@followspot/core';
import { openStream, send } from './testing/http-client.js';
import { ADAPTERS, startApp } from './testing/running-app.js';
import { newMoments, type Moments, StreamsController } from './testing/streams.controller.js';

/** Ends its streams by itself when the application closes, as early or as late as Nest allows. */
@Injectable()
class Ending implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly early$ = new Subject<void>();
  readonly late$ = new Subject<void>();
  onModuleDestroy(): void {
    this.early$.next();
  }
  beforeApplicationShutdown(): void {
    this.late$.next();
  }
}

const ending = new Ending();
let stuck = Promise.withResolvers<undefined>();

@Controller()
class PoliteController {
  @Sse('early')
  early(): Observable<MessageEvent> {
    return interval(2).pipe(
      map((n) => ({ data: String(n) })),
      takeUntil(ending.early$),
    );
  }

  @Sse('late')
  late(): Observable<MessageEvent> {
    return interval(2).pipe(
      map((n) => ({ data: String(n) })),
      takeUntil(ending.late$),
    );
  }

  @Get('stuck')
  stuck(): Promise<string> {
    stuck.resolve(undefined);
    return new Promise(() => {});
  }

  @Sse('never')
  never(): Observable<MessageEvent> {
    return NEVER;
  }
}

describe.each(ADAPTERS)('When an application on %s closes', (adapter) => {
  let moments: Moments;
  beforeEach(() => {
    moments = newMoments();
  });

  const parts = {
    controllers: [StreamsController, PoliteController],
    providers: [{ provide: Ending, useValue: ending }],
  };

  it('with 50 open streams, each of them ends as shutdown, and none stays', async () => {
    const app = await startApp(adapter, parts);
    const ids = Array.from({ length: 50 }, (_, index) => `open-${String(index)}`);
    const streams = await Promise.all(ids.map((traceId) => openStream(app.port, '/endless', { traceId })));
    await Promise.all(streams.map((stream) => stream.seen('data: 1')));
    const before = performance.now();
    await app.close();
    expect(performance.now() - before).toBeLessThan(2_000);
    for (const id of ids) {
      expect(await app.sink.stream(id)).toMatchObject({
        ending: 'shutdown',
        outcome: 'cancelled',
        success: true,
      });
      expect(await app.sink.root(id)).toMatchObject({ outcome: 'cancelled' });
    }
    expect(app.recorder.openTraceCount).toBe(0);
    expect(app.tracker.getExecutionSummary('open-0')).toMatchObject({ running: false });
  });

  it('the source is torn down with its trace id', async () => {
    const app = await startApp(adapter, parts);
    const stream = await openStream(app.port, '/endless', { traceId: 'teardown' });
    await stream.seen('data: 1');
    await app.close();
    expect(await moments.passed('torn down')).toBe('teardown');
  });

  it.each([['early'], ['late']])(
    'a stream that the application ends by itself, %s, ends as shutdown',
    async (path) => {
      const app = await startApp(adapter, parts);
      const stream = await openStream(app.port, `/${path}`, { traceId: path });
      await stream.seen('data: 1');
      await app.close();
      expect(await app.sink.stream(path)).toMatchObject({ ending: 'shutdown', outcome: 'cancelled' });
    },
  );

  it('while a handler prepares its stream, that ends as shutdown too', async () => {
    const app = await startApp(adapter, parts);
    await send(app.port, '/preparing', { traceId: 'preparing' });
    await moments.passed('preparing');
    await app.close();
    expect(await app.sink.stream('preparing')).toMatchObject({ ending: 'shutdown' });
    moments.pass('prepared');
    await moments.passed('handler goes on');
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('while a request is being answered, that is cancelled', async () => {
    stuck = Promise.withResolvers();
    const app = await startApp(adapter, parts);
    await send(app.port, '/stuck', { traceId: 'stuck' });
    await stuck.promise;
    await app.close();
    expect(await app.sink.root('stuck')).toMatchObject({ stageName: 'GET /stuck', outcome: 'cancelled' });
  });

  it('a client that left before is still a client that left', async () => {
    const app = await startApp(adapter, parts);
    const stream = await openStream(app.port, '/endless', { traceId: 'left' });
    await stream.seen('data: 1');
    stream.leave();
    await app.sink.root('left');
    await app.close();
    expect(await app.sink.stream('left')).toMatchObject({ ending: 'client_disconnect' });
  });

  it('its sinks are closed once, also when it closes twice', async () => {
    let closed = 0;
    const sink: Sink = {
      name: 'counting',
      record: () => {},
      close: () => {
        closed += 1;
      },
    };
    const app = await startApp(adapter, { ...parts, options: { sinks: [sink] } });
    await Promise.all([app.close(), app.close()]);
    await app.close();
    expect(closed).toBe(1);
  });

  it('its sinks have the streams that the shutdown cut when they are closed', async () => {
    const told: string[] = [];
    const sink: Sink = {
      name: 'telling',
      record: (stage) => told.push(stage.ending ?? stage.stageId),
      close: () => {
        told.push('closed');
      },
    };
    const app = await startApp(adapter, { ...parts, options: { sinks: [sink] } });
    const stream = await openStream(app.port, '/endless', { traceId: 'cut' });
    await stream.seen('data: 1');
    await app.close();
    expect(told).toEqual(['shutdown', 'HTTP.1_REQUEST', 'closed']);
  });

  it('its sinks are closed at the deadline, where it waits for ever for a stream', async () => {
    const closed = Promise.withResolvers<undefined>();
    const sink: Sink = {
      name: 'telling',
      record: () => {},
      close: () => {
        closed.resolve(undefined);
      },
    };
    const waiting = await startApp('express', {
      ...parts,
      options: { sinks: [sink], closeTimeoutMs: 30 },
      nest: { forceCloseConnections: false },
    });
    const stream = await openStream(waiting.port, '/endless', { traceId: 'waiting' });
    await stream.seen('data: 1');
    const closing = waiting.close();
    await closed.promise;
    expect(waiting.server.listening).toBe(false);
    expect(waiting.recorder.openTraceCount).toBe(1);
    stream.leave();
    await closing;
  });

  it('a sink that never closes holds it up for no longer than the deadline', async () => {
    const sink: Sink = { name: 'hanging', record: () => {}, close: () => new Promise(() => {}) };
    const app = await startApp(adapter, { ...parts, options: { sinks: [sink], closeTimeoutMs: 30 } });
    const before = performance.now();
    await app.close();
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(app.tracker.getDropCounts().internalErrors).toBe(1);
  });
});
