import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  type MessageEvent,
  NotFoundException,
  Param,
  Sse,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { defer, finalize, map, type Observable, of, take, tap, timer } from 'rxjs';
import { currentStage } from '@followspot/core';
import { call } from '../testing/http-client.js';
import {
  Journal,
  JournalModule,
  NotingFilter,
  NotingGuard,
  NotingInterceptor,
  NotingPipe,
} from '../testing/journal.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

@Controller()
@UseGuards(NotingGuard)
@UseInterceptors(NotingInterceptor)
@UseFilters(NotingFilter)
class ContextController {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  @Get('all/:id')
  async all(@Param('id', NotingPipe) id: string): Promise<string> {
    this.journal.note('handler');
    await this.journal.nextTick();
    this.journal.note('handler after an event');
    process.nextTick(() => {
      this.journal.note('process.nextTick');
    });
    queueMicrotask(() => {
      this.journal.note('queueMicrotask');
    });
    await wait(1);
    if (id === 'missing') throw new NotFoundException();
    return id;
  }

  @Sse('stream/:id')
  stream(@Param('id', NotingPipe) _id: string): Observable<MessageEvent> {
    this.journal.note('handler');
    return timer(1, 1).pipe(
      take(2),
      tap(() => {
        this.journal.note('source');
      }),
      map((n) => ({ data: String(n) })),
      finalize(() => {
        this.journal.note('source finally');
      }),
    );
  }
}

const ofTheApplication = new AsyncLocalStorage<string>();

@Controller()
class EnteringController {
  @Sse('entering')
  stream(): Observable<MessageEvent> {
    ofTheApplication.enterWith('entered by the handler');
    return defer(() => of({ data: `${ofTheApplication.getStore()} in ${currentStage()?.stageId}` }));
  }
}

describe.each(ADAPTERS)('On %s the trace id', (adapter) => {
  let app: RunningApp;
  let journal: Journal;
  beforeAll(async () => {
    app = await startApp(adapter, {
      controllers: [ContextController, EnteringController],
      imports: [JournalModule],
    });
    journal = app.nest.get(Journal);
  });
  afterAll(() => app.close());

  const before = ['middleware', 'guard', 'interceptor before', 'pipe', 'handler'];
  const rows: [path: string, places: string[]][] = [
    [
      '/all/1',
      [
        ...before,
        'handler after an event',
        'process.nextTick',
        'queueMicrotask',
        'interceptor value',
        'interceptor after',
        'interceptor finally',
      ],
    ],
    [
      '/all/missing',
      [
        ...before,
        'handler after an event',
        'process.nextTick',
        'queueMicrotask',
        'interceptor finally',
        'filter',
      ],
    ],
    ['/nothing', ['middleware']],
    [
      '/stream/1',
      [
        ...before,
        'source',
        'interceptor value',
        'source',
        'interceptor value',
        'interceptor after',
        'source finally',
        'interceptor finally',
      ],
    ],
  ];

  it.each(rows)('of GET %s can be read everywhere on the way', async (path, places) => {
    journal.entries.length = 0;
    const traceId = `way${path.replaceAll('/', '-')}`;
    await call(app.port, path, { traceId });
    await app.sink.root(traceId);
    expect(journal.entries.map(([place]) => place).sort()).toEqual([...places].sort());
    expect(new Set(journal.entries.map(([, id]) => id))).toEqual(new Set([traceId]));
  });

  it('does not keep from a stream what its handler has entered for good in a storage of the application', async () => {
    const { text } = await call(app.port, '/entering');
    expect(text).toContain('entered by the handler in HTTP.2_STREAM');
  });

  it('is not there in a timer that a provider has started', async () => {
    await call(app.port, '/all/1');
    expect(journal.ticks.length).toBeGreaterThan(0);
    expect(new Set(journal.ticks)).toEqual(new Set([undefined]));
  });
});
