import 'reflect-metadata';
import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { concat, map, type Observable, of, Subject, take, timer } from 'rxjs';
import { TrackStage } from '@followspot/core';
import { call, openStream, type OpenStream } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let source: Subject<MessageEvent>;

@Controller()
class FiguresController {
  @Sse('driven')
  driven(): Observable<MessageEvent> {
    return this.answer();
  }

  @TrackStage('5.0_LLM_STREAMING')
  answer(): Observable<MessageEvent> {
    return source;
  }

  @Sse('written')
  written(): Observable<MessageEvent> {
    const events = timer(0, 1).pipe(
      take(3),
      map((n) => ({ data: { text: `größe ${String(n)}` }, type: 'part' })),
    );
    return concat(of({ comment: 'beat' } as MessageEvent), events);
  }
}

describe.each(ADAPTERS)('A stream on %s', (adapter) => {
  let app: RunningApp;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = 0;
    source = new Subject();
    app = await startApp(adapter, {
      controllers: [FiguresController],
      options: {
        clock: { now: () => nowMs, wallNow: () => 1_000_000 },
        stream: { stallFactor: 4, stallFloorMs: 300 },
      },
    });
  });
  afterEach(() => app.close());

  /** Sends an event after this time, and returns when the client has it: nothing waits then. */
  async function eventAfter(stream: OpenStream, ms: number): Promise<void> {
    nowMs += ms;
    source.next({ data: `at ${String(nowMs)}` });
    await stream.seen(`at ${String(nowMs)}\n`);
  }

  it('records the gaps between its events, and heartbeats and stalls apart from them', async () => {
    const stream = await openStream(app.port, '/driven', { traceId: 'gaps' });
    for (const ms of [40, 100, 100]) await eventAfter(stream, ms);
    nowMs += 100;
    source.next({ comment: 'beat' });
    await stream.seen(': beat');
    await eventAfter(stream, 300);
    await eventAfter(stream, 500);
    source.complete();
    const { attributes } = await app.sink.stream('gaps');
    expect(attributes).toEqual({
      route: '/driven',
      timeToFirstEventMs: 40,
      events: 5,
      heartbeats: 1,
      bytes: expect.any(Number),
      gapMeanMs: 275,
      gapP95Ms: expect.closeTo(500, -1),
      gapMaxMs: 500,
      stalls: 1,
      stalledDuring: '5.0_LLM_STREAMING',
    });
  });

  it('that is left in the middle of a stall says so', async () => {
    const stream = await openStream(app.port, '/driven', { traceId: 'left' });
    for (const ms of [10, 10, 10]) await eventAfter(stream, ms);
    nowMs += 5_000;
    stream.leave();
    expect(await app.sink.stream('left')).toMatchObject({
      ending: 'client_disconnect',
      attributes: { gapMaxMs: 10, stalls: 1, stalledDuring: '5.0_LLM_STREAMING' },
    });
  });

  it('of one event has no gaps', async () => {
    const stream = await openStream(app.port, '/driven', { traceId: 'one' });
    await eventAfter(stream, 10);
    source.complete();
    expect((await app.sink.stream('one')).attributes).toEqual({
      route: '/driven',
      timeToFirstEventMs: 10,
      events: 1,
      bytes: expect.any(Number),
    });
  });

  it('records the bytes of its messages, on a fresh connection and on one that is used again', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const traceId of ['fresh', 'again']) {
      const { text } = await call(app.port, '/written', { agent, traceId });
      const { attributes } = await app.sink.stream(traceId);
      // Nest opens the body with a line feed that belongs to no message.
      expect(attributes['bytes']).toBe(Buffer.byteLength(text) - 1);
      expect(attributes).toMatchObject({ events: 3, heartbeats: 1 });
      expect(attributes).not.toHaveProperty('unsentMessages');
      expect(attributes).not.toHaveProperty('highestPendingBytes');
    }
    agent.destroy();
  });

  it('that answers HEAD sends no bytes, and nothing is waiting', async () => {
    await call(app.port, '/written', { traceId: 'head', method: 'HEAD' });
    const { attributes } = await app.sink.stream('head');
    for (const name of ['bytes', 'unsentMessages', 'highestPendingMessages']) {
      expect(attributes).not.toHaveProperty(name);
    }
  });
});
