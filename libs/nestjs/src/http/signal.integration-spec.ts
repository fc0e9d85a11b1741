import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/core';
import { from, type Observable } from 'rxjs';
import { openStream, send } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

/** What the server noticed, each with the moment it did. */
let stopped = Promise.withResolvers<number>();
let started = Promise.withResolvers<undefined>();

@Controller()
class ProvidedController {
  @Inject(ExecutionTracker) readonly tracker!: ExecutionTracker;

  @Sse('generated')
  generated(): Observable<MessageEvent> {
    return from(this.#words());
  }

  @Get('computed')
  computed(): Promise<string> {
    return this.answer();
  }

  /** Waits for a provider that takes the signal, as `fetch` does. */
  @TrackStage('5.0_LLM_STREAMING')
  async answer(): Promise<string> {
    started.resolve(undefined);
    return await wait(60_000, 'answer', { signal: this.tracker.signal }).finally(() => {
      stopped.resolve(performance.now());
    });
  }

  async *#words(): AsyncGenerator<MessageEvent> {
    try {
      yield { data: 'first' };
      await wait(60_000, undefined, { signal: this.tracker.signal });
      yield { data: 'never' };
    } finally {
      stopped.resolve(performance.now());
    }
  }
}

describe.each(ADAPTERS)('tracker.signal on %s', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    stopped = Promise.withResolvers();
    started = Promise.withResolvers();
    app = await startApp(adapter, { controllers: [ProvidedController] });
  });
  afterEach(() => app.close());

  it('stops an async generator behind `from` at the disconnect and not a minute later, and its finally runs', async () => {
    const stream = await openStream(app.port, '/generated', { traceId: 'left' });
    await stream.seen('first');
    const leftAt = performance.now();
    stream.leave();
    expect((await stopped.promise) - leftAt).toBeLessThan(1_000);
    expect(await app.sink.stream('left')).toMatchObject({
      ending: 'client_disconnect',
      outcome: 'cancelled',
    });
  });

  it('stops a handler whose client has left before the answer', async () => {
    const { request } = await send(app.port, '/computed', { traceId: 'gone' });
    await started.promise;
    const leftAt = performance.now();
    request.destroy();
    expect((await stopped.promise) - leftAt).toBeLessThan(1_000);
    const root = await app.sink.root('gone');
    expect(root).toMatchObject({ stageName: 'GET /computed', outcome: 'cancelled' });
    expect(root.substages).toMatchObject([{ stageId: '5.0_LLM_STREAMING', outcome: 'cancelled' }]);
  });
});
