import 'reflect-metadata';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { TrackStage } from '@followspot/core';
import { catchError, concat, from, map, NEVER, type Observable, of, throwError, timeout } from 'rxjs';
import { call, openStream } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { failureEvent } from './failure-event.js';

const FIRST = of<MessageEvent>({ data: 'first' });

@Controller()
class FailingController {
  @Sse('provider')
  provider(): Observable<MessageEvent> {
    return concat(FIRST, this.answer());
  }

  /** A provider that fails while it streams, in an error of the application's own. */
  @Sse('wrapped')
  wrapped(): Observable<MessageEvent> {
    return concat(FIRST, from(this.#wrapped()));
  }

  /** The provider failed, and the handler made the best of it; what fails then is its own. */
  @Sse('own')
  own(): Observable<MessageEvent> {
    return concat(FIRST, from(this.#recovered()));
  }

  @Sse('slow-provider')
  slowProvider(): Observable<MessageEvent> {
    return concat(FIRST, this.silent().pipe(timeout(5)));
  }

  @Sse('endless')
  endless(): Observable<MessageEvent> {
    return concat(FIRST, NEVER);
  }

  /** Tells its client of the failure in a message of its own; what comes after copies messages. */
  @Sse('told')
  told(): Observable<MessageEvent> {
    return told(concat(FIRST, this.answer())).pipe(map((message) => ({ ...message, id: '7' })));
  }

  @Sse('own-told')
  ownTold(): Observable<MessageEvent> {
    return told(concat(FIRST, from(this.#recovered())));
  }

  @Sse('late-told')
  lateTold(): Observable<MessageEvent> {
    return told(concat(FIRST, this.silent().pipe(timeout(5))));
  }

  @Sse('nothing-told')
  nothingTold(): Observable<MessageEvent> {
    return told(
      concat(
        FIRST,
        throwError(() => undefined),
      ),
    );
  }

  @Sse('told-first')
  toldFirst(): Observable<MessageEvent> {
    return told(this.answer());
  }

  /** The failure was not the end. */
  @Sse('told-and-mended')
  toldAndMended(): Observable<MessageEvent> {
    return concat(told(this.answer()), of({ data: 'mended' }));
  }

  @Sse('told-then-endless')
  toldThenEndless(): Observable<MessageEvent> {
    return concat(FIRST, told(this.answer()), NEVER);
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  answer(): Observable<MessageEvent> {
    return throwError(() => new TypeError('503 from the provider'));
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  silent(): Observable<MessageEvent> {
    return NEVER;
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  async *words(): AsyncGenerator<MessageEvent> {
    yield { data: 'second' };
    await Promise.reject(new TypeError('the provider hung up'));
  }

  async *#wrapped(): AsyncGenerator<MessageEvent> {
    try {
      yield* this.words();
    } catch (cause) {
      throw new Error('no answer', { cause });
    }
  }

  async *#recovered(): AsyncGenerator<MessageEvent> {
    try {
      yield* this.words();
    } catch {
      yield { data: 'the provider is down' };
      throw new Error('and so is our own formatter');
    }
  }
}

function told(source: Observable<MessageEvent>): Observable<MessageEvent> {
  return source.pipe(
    catchError((error: unknown) => of(failureEvent(error, { type: 'error', data: { message: 'Sorry.' } }))),
  );
}

describe.each(ADAPTERS)('A stream on %s', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    app = await startApp(adapter, { controllers: [FailingController] });
  });
  afterEach(() => app.close());

  it.each([
    ['provider', 'upstream_error', 'TypeError'],
    ['wrapped', 'upstream_error', 'Error'],
    ['own', 'server_error', 'Error'],
    ['slow-provider', 'timeout', 'TimeoutError'],
  ])('that fails after its 200 (/%s) ends as %s', async (path, ending, errorType) => {
    const { status } = await call(app.port, `/${path}`, { traceId: path });
    expect(status).toBe(200);
    expect(await app.sink.stream(path)).toMatchObject({
      ending,
      outcome: 'error',
      success: false,
      errorType,
    });
    expect(await app.sink.root(path)).toMatchObject({ outcome: 'error', errorType });
  });

  it.each([
    ['told', 'upstream_error', 'TypeError'],
    ['told-first', 'upstream_error', 'TypeError'],
    ['own-told', 'server_error', 'Error'],
    ['late-told', 'timeout', 'TimeoutError'],
  ])('that tells its failure in a message of its own (/%s) ends as %s', async (path, ending, errorType) => {
    const { status, text } = await call(app.port, `/${path}`, { traceId: path });
    expect(status).toBe(200);
    expect(text).toMatch(/event: error\nid: \d\ndata: {"message":"Sorry."}\n\n$/);
    expect(text.match(/event: error/g)).toHaveLength(1);
    const failed = { outcome: 'error', success: false, errorType };
    expect(await app.sink.stream(path)).toMatchObject({ ending, ...failed });
    expect(await app.sink.root(path)).toMatchObject(failed);
  });

  it('that goes on after it has told of a failure has not failed', async () => {
    await call(app.port, '/told-and-mended', { traceId: 'mended' });
    expect(await app.sink.stream('mended')).toMatchObject({ ending: 'completed', outcome: 'ok' });
  });

  it('whose client leaves after it was told of a failure ends as client_disconnect', async () => {
    const stream = await openStream(app.port, '/told-then-endless', { traceId: 'told-and-left' });
    await stream.seen('Sorry.');
    stream.leave();
    expect(await app.sink.stream('told-and-left')).toMatchObject({ ending: 'client_disconnect' });
  });

  /** Nest takes the time limit off the connection of a stream; an application may put one on again. */
  const limitIdleness = async (path: string, traceId: string, ms: number) => {
    const { promise: connected, resolve } = Promise.withResolvers<Socket>();
    app.server.once('connection', resolve);
    const stream = await openStream(app.port, path, { traceId });
    await stream.seen('first');
    (await connected).setTimeout(ms);
    return stream;
  };

  it('that is silent for longer than its connection may be ends as timeout', async () => {
    await limitIdleness('/endless', 'idle', 20);
    const timedOut = { outcome: 'error', errorType: 'TimeoutError' };
    expect(await app.sink.stream('idle')).toMatchObject({ ending: 'timeout', ...timedOut });
    expect(await app.sink.root('idle')).toMatchObject(timedOut);
  });

  it('whose client leaves while a time limit runs ends as client_disconnect', async () => {
    const stream = await limitIdleness('/endless', 'left', 60_000);
    stream.leave();
    expect(await app.sink.stream('left')).toMatchObject({ ending: 'client_disconnect' });
  });
});
