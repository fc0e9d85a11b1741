import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Req, Sse } from '@nestjs/common';
import { concat, from, interval, map, NEVER, type Observable, of, tap } from 'rxjs';
import { rawConnection } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

const PIECE = 'x'.repeat(65_536);
const PENDING = 1_000_000;
const BIG = 'x'.repeat(16_777_216);

let whenPending = Promise.withResolvers<undefined>();

/** The same on both adapters. */
function socketOf(request: { readonly raw?: IncomingMessage }): Socket {
  return (request.raw ?? (request as IncomingMessage)).socket;
}

/** Nest 12 drops a client once this many characters wait for it; Nest 11 has no such option and waits for ever. */
@Controller()
class PouringController {
  @Sse('limited', { maxPendingDataLength: PENDING })
  limited(): Observable<MessageEvent> {
    return interval(1).pipe(map(() => ({ data: PIECE })));
  }

  @Sse('limited-at-once', { maxPendingDataLength: PENDING })
  limitedAtOnce(): Observable<MessageEvent> {
    return from(Array.from({ length: 400 }, () => ({ data: PIECE })));
  }

  /** More than the operating system takes from a client that does not read. */
  @Sse('one-big', { maxPendingDataLength: 0 })
  oneBig(@Req() request: object): Observable<MessageEvent> {
    const socket = socketOf(request);
    const timer = setInterval(() => {
      if (socket.writableLength < BIG.length) return;
      clearInterval(timer);
      whenPending.resolve(undefined);
    }, 1);
    return concat(of({ data: BIG }), NEVER);
  }

  @Sse('patient', { maxPendingDataLength: 0 })
  patient(@Req() request: object): Observable<MessageEvent> {
    const socket = socketOf(request);
    let cameLate = 0;
    return interval(1).pipe(
      map(() => ({ data: PIECE })),
      tap(() => {
        if (socket.writableLength > 0) cameLate += 1;
        if (cameLate === 20) whenPending.resolve(undefined);
      }),
    );
  }

  @Sse('patient-at-once', { maxPendingDataLength: 0 })
  patientAtOnce(@Req() request: object): Observable<MessageEvent> {
    const socket = socketOf(request);
    const timer = setInterval(() => {
      if (socket.writableLength === 0) return;
      clearInterval(timer);
      whenPending.resolve(undefined);
    }, 1);
    return from(Array.from({ length: 400 }, () => ({ data: PIECE })));
  }
}

/** A client that asks and then reads nothing. */
async function ask(app: RunningApp, path: string, traceId: string): Promise<Socket> {
  const socket = await rawConnection(app.port);
  socket.pause();
  socket.write(`GET /${path} HTTP/1.1\r\nHost: a\r\nX-Trace-ID: ${traceId}\r\n\r\n`);
  return socket;
}

describe.each(ADAPTERS)('A client that does not read, on %s,', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [PouringController] });
  });
  afterAll(() => app.close());

  const pending = {
    bytes: expect.any(Number),
    unsentMessages: expect.any(Number),
    highestPendingMessages: expect.any(Number),
  };

  it.each([
    ['while the source goes on', 'limited'],
    ['after the source has completed', 'limited-at-once'],
  ])('and is dropped by Nest %s, has ended the stream as slow_consumer', async (_, path) => {
    const socket = await ask(app, path, `drop-${path}`);
    const stream = await app.sink.stream(`drop-${path}`);
    expect(stream).toMatchObject({
      ending: 'slow_consumer',
      outcome: 'cancelled',
      success: true,
      attributes: pending,
    });
    expect(stream.attributes['unsentMessages']).toBeGreaterThan(PENDING / PIECE.length - 1);
    expect(await app.sink.root(`drop-${path}`)).toMatchObject({ outcome: 'cancelled' });
    socket.destroy();
  });

  it.each([
    ['while the source goes on', 'patient'],
    ['after the source has completed', 'patient-at-once'],
  ])('and leaves while data wait for it %s, has left: client_disconnect', async (_, path) => {
    whenPending = Promise.withResolvers();
    const socket = await ask(app, path, `leave-${path}`);
    await whenPending.promise;
    socket.destroy();
    expect(await app.sink.stream(`leave-${path}`)).toMatchObject({
      ending: 'client_disconnect',
      outcome: 'cancelled',
      attributes: pending,
    });
  });

  it('shows the bytes that wait in the response: what made it full, and not what waits before it', async () => {
    for (const path of ['limited', 'limited-at-once']) {
      const { attributes } = await app.sink.stream(`drop-${path}`);
      expect(attributes['highestPendingBytes']).toBeGreaterThan(PIECE.length);
      expect(attributes['highestPendingBytes']).toBeLessThan(PENDING);
    }
  });

  it('and leaves during one big event shows it, although no event came after it', async () => {
    whenPending = Promise.withResolvers();
    const socket = await ask(app, 'one-big', 'one-big');
    await whenPending.promise;
    socket.destroy();
    const { ending, attributes } = await app.sink.stream('one-big');
    expect(ending).toBe('client_disconnect');
    expect(attributes['highestPendingBytes']).toBeGreaterThanOrEqual(BIG.length);
    expect(attributes).not.toHaveProperty('unsentMessages');
  });

  it('and is still there when the application stops, is cut by the shutdown', async () => {
    const stopping = await startApp(adapter, { controllers: [PouringController] });
    whenPending = Promise.withResolvers();
    const socket = await ask(stopping, 'patient', 'stopped');
    await whenPending.promise;
    await stopping.close();
    expect(await stopping.sink.stream('stopped')).toMatchObject({ ending: 'shutdown', outcome: 'cancelled' });
    socket.destroy();
  });
});
