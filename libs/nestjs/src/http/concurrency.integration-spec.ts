import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Param, Sse, UseInterceptors } from '@nestjs/common';
import {
  asyncScheduler,
  bufferTime,
  concatMap,
  debounceTime,
  delay,
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
});
