import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Param, Sse, UseInterceptors } from '@nestjs/common';
import {
  asyncScheduler,
  bufferTime,
  concatMap,
  debounceTime,
  delay,
  from,
  map,
  type Observable,
  observeOn,
  of,
  share,
  shareReplay,
  take,
  timer,
} from 'rxjs';
import { ExecutionTracker, TrackStage } from '@followspot/core';
import { call } from '../testing/http-client.js';
import { Journal, JournalModule, NotingInterceptor } from '../testing/journal.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

@Controller()
@UseInterceptors(NotingInterceptor)
class SharingController {
  readonly #shared = timer(3, 3).pipe(take(2), share());
  readonly #replayed = timer(3).pipe(shareReplay({ bufferSize: 1, refCount: true }));

  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Get('delayed/:ms')
  async delayed(@Param('ms') ms: string): Promise<object> {
    const before = this.tracker.traceId;
    await wait(Number(ms));
    return { before, after: await this.later() };
  }

  @TrackStage('LATER')
  async later(): Promise<string | undefined> {
    await wait(1);
    return this.tracker.traceId;
  }

  @Sse('delayed-stream/:ms')
  delayedStream(@Param('ms') ms: string): Observable<MessageEvent> {
    return timer(Number(ms), 1).pipe(
      take(2),
      concatMap((n) => from(this.later()).pipe(map((id) => `${String(n)}:${String(id)}`))),
      map((data) => ({ data })),
    );
  }

  @TrackStage('SHARED')
  shared(kind: string): Observable<unknown> {
    if (kind === 'share') return this.#shared;
    if (kind === 'shareReplay') return this.#replayed;
    if (kind === 'concatMap')
      return this.#shared.pipe(
        concatMap((n) => of(n).pipe(delay(2))),
        share(),
      );
    if (kind === 'debounceTime') return this.#shared.pipe(debounceTime(1));
    if (kind === 'bufferTime') return this.#shared.pipe(bufferTime(4));
    return this.#shared.pipe(observeOn(asyncScheduler));
  }

  @Get('shared-json/:kind')
  sharedJson(@Param('kind') kind: string): Observable<unknown> {
    return this.shared(kind).pipe(map(() => ({ id: this.tracker.traceId })));
  }

  @Sse('shared-stream/:kind')
  sharedStream(@Param('kind') kind: string): Observable<MessageEvent> {
    return this.shared(kind).pipe(map(() => ({ data: this.tracker.traceId ?? 'none' })));
  }
}

describe.each(ADAPTERS)('On %s the trace id', (adapter) => {
  let app: RunningApp;
  let journal: Journal;
  beforeAll(async () => {
    app = await startApp(adapter, { controllers: [SharingController], imports: [JournalModule] });
    journal = app.nest.get(Journal);
  });
  afterAll(() => app.close());

  it.each([
    ['shared-json', 'share'],
    ['shared-json', 'shareReplay'],
    ['shared-stream', 'share'],
    ['shared-stream', 'shareReplay'],
    ['shared-stream', 'concatMap'],
    ['shared-stream', 'debounceTime'],
    ['shared-stream', 'bufferTime'],
    ['shared-stream', 'observeOn'],
  ])('is that of each request behind a source that requests share: /%s/%s', async (path, kind) => {
    journal.entries.length = 0;
    const ids = ['one', 'two', 'three'].map((name) => `${name}-${path}-${kind}`);
    const answers = await Promise.all(ids.map((traceId) => call(app.port, `/${path}/${kind}`, { traceId })));
    for (const [index, { text }] of answers.entries()) {
      const shown = text.match(/\w+-shared-\w+-\w+/g);
      expect(new Set(shown)).toEqual(new Set([ids[index]]));
    }
    const values = journal.entries.filter(([place]) => place === 'interceptor finally').map(([, id]) => id);
    expect(values.sort()).toEqual([...ids].sort());
  });

  it('is never another one among 1,000 requests at the same time', async () => {
    const requests = Array.from({ length: 1_000 }, (_, index) => ({
      traceId: `load-${String(index)}`,
      path: `/${index % 2 === 0 ? 'delayed' : 'delayed-stream'}/${String(Math.floor(Math.random() * 30))}`,
    }));
    const answers = await Promise.all(requests.map(({ traceId, path }) => call(app.port, path, { traceId })));
    for (const [index, { text, traceId }] of answers.entries()) {
      const id = `load-${String(index)}`;
      expect(traceId).toBe(id);
      expect(text.match(/load-\d+/g)).toEqual([id, id]);
    }
    for (const { traceId } of requests) {
      const root = await app.sink.root(traceId);
      const parent = root.substages.find(({ kind }) => kind === 'stream') ?? root;
      expect(parent.substages.every(({ stageId, outcome }) => stageId === 'LATER' && outcome === 'ok')).toBe(
        true,
      );
      expect(parent.substages).toHaveLength(parent === root ? 1 : 2);
    }
    expect(app.recorder.openTraceCount).toBe(0);
  }, 30_000);
});
