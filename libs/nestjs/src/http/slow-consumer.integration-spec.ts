import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Req, Sse } from '@nestjs/common';
import { from, interval, map, type Observable, tap } from 'rxjs';
import { rawConnection } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

const PIECE = 'x'.repeat(65_536);
const PENDING = 1_000_000;

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

  it('shows the bytes that wait in the response, which a client that reads does not', async () => {
    const { attributes } = await app.sink.stream('drop-limited');
    expect(attributes['highestPendingBytes']).toBeGreaterThan(PIECE.length);
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
