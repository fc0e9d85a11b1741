import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type MessageEvent, Query, Sse } from '@nestjs/common';
import { concat, from, map, type Observable, of, Subject } from 'rxjs';
import { ExecutionTracker, type Sink, type StageStart } from '@followspot/core';
import { call, openStream } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

let source: Subject<MessageEvent>;

@Controller()
class ResumingController {
  /** Sends events with these ids. */
  @Sse('ids')
  ids(@Query('of') ids: string): Observable<MessageEvent> {
    const events = from(ids.split(' ')).pipe(map((id) => ({ id, data: 'x' })));
    return concat(of({ comment: 'beat' } as MessageEvent), events);
  }

  @Sse('driven')
  driven(): Observable<MessageEvent> {
    return source;
  }

  @Get('plain')
  plain(): string {
    return 'no stream';
  }
}

describe.each(ADAPTERS)('A request with Last-Event-ID on %s', (adapter) => {
  let app: RunningApp;
  let starts: { stageId: string; attributes: object }[];
  beforeEach(async () => {
    starts = [];
    source = new Subject();
    const sink: Sink = {
      name: 'starts',
      started: ({ stageId, attributes }: StageStart) =>
        starts.push({ stageId, attributes: { ...attributes } }),
      record: () => {},
    };
    app = await startApp(adapter, { controllers: [ResumingController], options: { sinks: [sink] } });
  });
  afterEach(() => app.close());

  async function resumed(path: string, lastEventId: string | string[], traceId = 'second') {
    const { status, text } = await call(app.port, path, {
      traceId,
      headers: { 'last-event-id': lastEventId },
    });
    expect(status).toBe(200);
    const root = await app.sink.root(traceId);
    const stream = root.substages.find(({ kind }) => kind === 'stream');
    return { text, root: root.attributes, stream: stream?.attributes };
  }

  it('is linked to the trace that it continues, on both stages', async () => {
    const { root, stream } = await resumed('/ids?of=first:5', 'first:4');
    expect(root).toMatchObject({ continuesTraceId: 'first' });
    expect(stream).toMatchObject({ continuesTraceId: 'first', lastEventId: 'first:4' });
  });

  it('counts what is sent twice and what is left out', async () => {
    const { stream } = await resumed('/ids?of=first:4+first:5+first:8+first:8+other:1', 'first:4');
    expect(stream).toMatchObject({ events: 5, duplicateEvents: 2, lostEvents: 2 });
  });

  it('gets heartbeats without an id, which would move it back', async () => {
    const { text } = await resumed('/ids?of=first:5', 'first:4');
    expect(text.trim().split('\n\n')).toEqual([': beat', 'id: first:5\ndata: x']);
  });

  it('says that nothing was lost when nothing was', async () => {
    const { stream } = await resumed('/ids?of=first:5+first:6', 'first:4');
    expect(stream).toMatchObject({ duplicateEvents: 0, lostEvents: 0 });
  });

  it('counts nothing when the stream starts afresh', async () => {
    const { stream } = await resumed('/ids?of=second:1+second:2', 'first:4');
    expect(stream).toMatchObject({ continuesTraceId: 'first' });
    expect(stream).not.toHaveProperty('lostEvents');
  });

  it('tells the id when it is one of the numbers that Nest gives', async () => {
    const { root, stream } = await resumed('/ids?of=18', '17');
    expect(stream).toMatchObject({ lastEventId: '17' });
    expect(stream).not.toHaveProperty('continuesTraceId');
    expect(root).not.toHaveProperty('continuesTraceId');
    expect(stream).not.toHaveProperty('lostEvents');
  });

  it.each([
    ['too long', `first:${'1'.repeat(300)}`],
    ['repeated', ['first:1', 'first:2']],
    ['not ASCII', 'caf\u00e9:1'],
    ['with a tab', 'first\t:1'],
  ])('never shows an id that is %s', async (_, value) => {
    const { text, stream } = await resumed('/ids?of=first:5', value);
    expect(stream).toMatchObject({ lastEventIdRejected: true });
    const told = JSON.stringify([text, app.sink.stages, starts]);
    for (const each of [value].flat()) expect(told).not.toContain(JSON.stringify(each).slice(1, -1));
    for (const name of ['lastEventId', 'continuesTraceId', 'lostEvents'])
      expect(stream).not.toHaveProperty(name);
  });

  it('tells it when the stream starts, to sinks and in the summary of the running trace', async () => {
    const stream = await openStream(app.port, '/driven', {
      traceId: 'second',
      headers: { 'last-event-id': 'first:4' },
    });
    source.next({ data: 'hello' });
    await stream.seen('hello');
    const expected = { route: '/driven', lastEventId: 'first:4', continuesTraceId: 'first' };
    expect(starts).toContainEqual({ stageId: 'HTTP.2_STREAM', attributes: expected });
    const summary = app.nest.get(ExecutionTracker).getExecutionSummary('second');
    expect(summary?.running).toBe(true);
    expect(summary?.stages[0]?.attributes).toMatchObject({ continuesTraceId: 'first' });
    expect(summary?.stages[0]?.substages[0]?.attributes).toEqual(expected);
    source.complete();
    await app.sink.root('second');
  });

  it('says nothing of it when it is for no stream', async () => {
    const { root } = await resumed('/plain', 'first:4');
    expect(root).not.toHaveProperty('continuesTraceId');
  });

  it('has no such attributes without the header, nor with an empty one', async () => {
    await call(app.port, '/ids?of=first:5', { traceId: 'none' });
    const { attributes } = await app.sink.stream('none');
    const { stream } = await resumed('/ids?of=first:5', '');
    const names = ['lastEventId', 'lastEventIdRejected', 'continuesTraceId', 'duplicateEvents', 'lostEvents'];
    for (const name of names) {
      expect(attributes).not.toHaveProperty(name);
      expect(stream).not.toHaveProperty(name);
    }
  });
});
