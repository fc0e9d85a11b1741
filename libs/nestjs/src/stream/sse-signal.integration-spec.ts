import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type MessageEvent, Sse, SseSignal } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/core';
import { from, interval, map, merge, Observable, of } from 'rxjs';
import { openStream, rawConnection, send } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let ran: string[] = [];

/** Fails in the very moment in which the signal aborts, as sources do that are tied to one. */
function tiedTo(signal: AbortSignal): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    subscriber.next({ data: 'first' });
    signal.addEventListener('abort', () => {
      subscriber.error(signal.reason);
    });
  });
}

@Controller()
class SignalController {
  @Inject(ExecutionTracker) readonly tracker!: ExecutionTracker;

  @Sse('nest')
  nest(@SseSignal() signal: AbortSignal): Observable<MessageEvent> {
    return tiedTo(signal);
  }

  @Sse('ours')
  ours(): Observable<MessageEvent> {
    return tiedTo(this.tracker.signal);
  }

  @Sse('provider')
  provider(@SseSignal() signal: AbortSignal): Observable<MessageEvent> {
    return this.answer(signal);
  }

  @Sse('pours', { maxPendingDataLength: 500_000 })
  pours(@SseSignal() signal: AbortSignal): Observable<MessageEvent> {
    const pouring = interval(1).pipe(map(() => ({ data: 'x'.repeat(65_536) })));
    return merge(pouring, this.answer(signal));
  }

  @Sse('generated')
  generated(): Observable<MessageEvent> {
    return from(this.words(this.tracker.signal));
  }

  @Sse('blocking')
  blocking(): Observable<MessageEvent> {
    return merge(of({ data: 'first' }), this.blocksItsTeardown());
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  answer(signal: AbortSignal): Observable<MessageEvent> {
    return tiedTo(signal);
  }

  @TrackStage('BLOCKING')
  blocksItsTeardown(): Observable<MessageEvent> {
    return new Observable(() => () => {
      const until = performance.now() + 20;
      while (performance.now() < until);
    });
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  async *words(signal: AbortSignal): AsyncGenerator<MessageEvent> {
    try {
      yield { data: 'first' };
      await wait(60_000, undefined, { signal });
    } finally {
      ran.push('finally');
    }
  }
}

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    ran = [];
    app = await startApp(adapter, { controllers: [SignalController] });
  });
  afterEach(() => app.close());

  const left = { ending: 'client_disconnect', outcome: 'cancelled', errorType: undefined };

  it.each(['nest', 'ours', 'provider'])(
    'a source that fails because its client has left (/%s) has not failed',
    async (path) => {
      const stream = await openStream(app.port, `/${path}`, { traceId: path });
      await stream.seen('first');
      stream.leave();
      expect(await app.sink.stream(path)).toMatchObject(left);
      expect(await app.sink.root(path)).toMatchObject({ outcome: 'cancelled', errorType: undefined });
      const outcomes = app.sink.stages.map(({ stage }) => stage.outcome);
      expect(new Set(outcomes)).toEqual(new Set(['cancelled']));
    },
  );

  it('nor has one that fails because the application stops', async () => {
    const stream = await openStream(app.port, '/provider', { traceId: 'stopped' });
    await stream.seen('first');
    await app.close();
    expect(await app.sink.stream('stopped')).toMatchObject({ ending: 'shutdown', outcome: 'cancelled' });
    expect(await app.sink.root('stopped')).toMatchObject({ outcome: 'cancelled' });
  });

  it('nor has one that fails because Nest drops a client that does not read', async () => {
    const socket = await rawConnection(app.port);
    socket.pause();
    socket.write('GET /pours HTTP/1.1\r\nHost: a\r\nX-Trace-ID: dropped\r\n\r\n');
    const stream = await app.sink.stream('dropped');
    expect(stream).toMatchObject({ ending: 'slow_consumer', outcome: 'cancelled' });
    expect(stream.substages).toMatchObject([{ stageId: '5.0_LLM_STREAMING', outcome: 'cancelled' }]);
    socket.destroy();
  });

  it('the answer to HEAD is complete, and what works for it is told to stop', async () => {
    await send(app.port, '/generated', { traceId: 'head', method: 'HEAD' });
    const stream = await app.sink.stream('head');
    expect(ran).toEqual(['finally']);
    expect(stream).toMatchObject({ ending: 'completed', outcome: 'ok' });
    expect(stream.substages).toMatchObject([{ stageId: '5.0_LLM_STREAMING', outcome: 'cancelled' }]);
  });

  it('a teardown that takes its time is measured, and nothing is claimed of work that nobody tracks', async () => {
    const blocking = await openStream(app.port, '/blocking', { traceId: 'blocking' });
    await blocking.seen('first');
    blocking.leave();
    const { attributes } = await app.sink.stream('blocking');
    expect(attributes['abortLagMs']).toBeGreaterThanOrEqual(20);

    const untracked = await openStream(app.port, '/nest', { traceId: 'untracked' });
    await untracked.seen('first');
    untracked.leave();
    expect((await app.sink.stream('untracked')).attributes).not.toHaveProperty('abortLagMs');
  });
});
