import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Sse, SseSignal } from '@nestjs/common';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { ExecutionTracker, type StageExecution, TrackStage } from '@followspot/core';
import { from, type Observable } from 'rxjs';
import { openStream, send } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let started = Promise.withResolvers<undefined>();
let aborted = Promise.withResolvers<undefined>();
let stop = Promise.withResolvers<undefined>();
let ran: string[] = [];

@Controller()
class WorkController {
  @Inject(ExecutionTracker) readonly tracker!: ExecutionTracker;

  /** Heeds the signal. */
  @Sse('heeding')
  heeding(): Observable<MessageEvent> {
    return from(this.words());
  }

  /** Heeds the signal that Nest 12 hands to a handler. */
  @Sse('nest-signal')
  nestSignal(@SseSignal() signal: AbortSignal): Observable<MessageEvent> {
    signal.addEventListener('abort', () => ran.push(`tracker.signal aborted: ${String(this.#own.aborted)}`));
    this.#own = this.tracker.signal;
    return from(this.wordsUntil(signal));
  }

  /** Works on until the test lets it stop. */
  @Sse('deaf')
  deaf(): Observable<MessageEvent> {
    return from(this.deafWords());
  }

  @Get('computed')
  computed(): Promise<string> {
    return this.compute();
  }

  #own = AbortSignal.abort();

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  async *words(): AsyncGenerator<MessageEvent> {
    yield* this.#untilAborted(this.tracker.signal);
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  async *wordsUntil(signal: AbortSignal): AsyncGenerator<MessageEvent> {
    yield* this.#untilAborted(signal);
  }

  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  async *deafWords(): AsyncGenerator<MessageEvent> {
    this.#tellAbort();
    yield { data: 'first' };
    await stop.promise;
    ran.push('went on');
    this.store();
    yield { data: 'nobody reads this' };
  }

  @TrackStage('6.0_CACHE_STORE')
  store(): void {
    ran.push('stored');
  }

  @TrackStage('3.0_RETRIEVAL')
  async compute(): Promise<string> {
    this.#tellAbort();
    started.resolve(undefined);
    await stop.promise;
    return 'computed';
  }

  #tellAbort(): void {
    this.tracker.signal.addEventListener('abort', () => {
      aborted.resolve(undefined);
    });
  }

  async *#untilAborted(signal: AbortSignal): AsyncGenerator<MessageEvent> {
    try {
      yield { data: 'first' };
      await wait(60_000, undefined, { signal });
    } finally {
      ran.push('finally');
    }
  }
}

const lagOf = ({ attributes }: StageExecution): number => Number(attributes['abortLagMs']);

describe.each(ADAPTERS)('When a client leaves on %s', (adapter) => {
  let app: RunningApp;
  let nowMs = 0;
  const clock = { now: () => nowMs, wallNow: () => 1_795_219_200_000 + nowMs };
  const start = async (options: ObservabilityOptions = {}): Promise<void> => {
    app = await startApp(adapter, { controllers: [WorkController], options });
  };
  beforeEach(() => {
    nowMs = 0;
    started = Promise.withResolvers();
    aborted = Promise.withResolvers();
    stop = Promise.withResolvers();
    ran = [];
  });
  afterEach(() => app.close());

  const leave = async (path: string, traceId = path): Promise<void> => {
    const stream = await openStream(app.port, `/${path}`, { traceId });
    await stream.seen('first');
    stream.leave();
  };

  it.each(['heeding', 'nest-signal'])(
    'a generator that heeds the signal (/%s) stops within 50 ms, its finally runs, and how long it took is recorded',
    async (path) => {
      await start();
      const lags: number[] = [];
      for (const traceId of ['first', 'second', 'third', 'fourth', 'fifth']) {
        ran = [];
        await leave(path, traceId);
        const stream = await app.sink.stream(traceId);
        expect(ran).toContain('finally');
        const [provider] = stream.substages;
        expect(provider).toMatchObject({ stageId: '5.0_LLM_STREAMING', outcome: 'cancelled', success: true });
        expect(lagOf(provider!)).toBeGreaterThanOrEqual(0);
        expect(stream).toMatchObject({ ending: 'client_disconnect', outcome: 'cancelled' });
        expect(lagOf(stream)).toBe(lagOf(provider!));
        expect(stream.attributes).not.toHaveProperty('unstoppedStages');
        lags.push(lagOf(stream));
      }
      // Of five, because a busy machine may keep one of them waiting.
      expect(Math.min(...lags)).toBeLessThan(50);
      expect(app.tracker.getDropCounts()).toMatchObject({ lateStages: 0, internalErrors: 0 });
    },
  );

  it('work that goes on is waited for, is shown as what it was, and does not lengthen the stream', async () => {
    await start({ clock, abortGraceMs: 60_000 });
    await leave('deaf');
    await aborted.promise;
    nowMs = 20;
    stop.resolve(undefined);
    const stream = await app.sink.stream('deaf');
    expect(stream).toMatchObject({ durationMs: 0, attributes: { abortLagMs: 20 } });
    expect(stream.substages).toMatchObject([
      { stageId: '5.0_LLM_STREAMING', outcome: 'cancelled', durationMs: 20, attributes: { abortLagMs: 20 } },
    ]);
    expect(await app.sink.root('deaf')).toMatchObject({ durationMs: 0, selfTimeMs: 0 });
  });

  it('stages that start then are late: they run, and are not recorded', async () => {
    await start({ abortGraceMs: 60_000 });
    await leave('deaf');
    await aborted.promise;
    stop.resolve(undefined);
    await app.sink.root('deaf');
    expect(ran).toEqual(['went on', 'stored']);
    expect(app.sink.stages.map(({ stage }) => stage.stageId)).not.toContain('6.0_CACHE_STORE');
    expect(app.tracker.getDropCounts().lateStages).toBe(1);
  });

  it('work that outlasts the grace time is closed as cancelled and counted, and its own end is late, like what it starts then', async () => {
    await start({ abortGraceMs: 10 });
    await leave('deaf');
    const stream = await app.sink.stream('deaf');
    expect(stream.attributes).toMatchObject({ unstoppedStages: 1 });
    expect(stream.attributes).not.toHaveProperty('abortLagMs');
    expect(stream.substages).toMatchObject([{ stageId: '5.0_LLM_STREAMING', outcome: 'cancelled' }]);
    expect(app.tracker.getDropCounts().lateStages).toBe(0);
    stop.resolve(undefined);
    await new Promise(setImmediate);
    expect(ran).toEqual(['went on', 'stored']);
    expect(app.tracker.getDropCounts().lateStages).toBe(2);
  });

  it('before an answer that is no stream, the request records it', async () => {
    await start({ clock, abortGraceMs: 60_000 });
    const { request } = await send(app.port, '/computed', { traceId: 'computed' });
    await started.promise;
    request.destroy();
    await aborted.promise;
    nowMs = 7;
    stop.resolve(undefined);
    expect(await app.sink.root('computed')).toMatchObject({
      outcome: 'cancelled',
      durationMs: 0,
      attributes: { abortLagMs: 7 },
      substages: [{ stageId: '3.0_RETRIEVAL', outcome: 'ok', durationMs: 7, attributes: { abortLagMs: 7 } }],
    });
  });
});
