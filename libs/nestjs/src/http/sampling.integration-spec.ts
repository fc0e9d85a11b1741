import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ObservabilityOptions } from '../config/observability-options.js';
import { call } from '../testing/http-client.js';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

describe.each(ADAPTERS)('On %s', (adapter) => {
  let app: RunningApp;
  afterEach(() => app.close());

  const start = async (options: ObservabilityOptions, collects?: 'kept' | 'all'): Promise<void> => {
    app = await startApp(adapter, { controllers: [ItemsController], options, ...(collects && { collects }) });
  };

  it('the thread id alone decides, as the tracker says beforehand', async () => {
    await start({ sampleRate: 0.5, rescue: false });
    const ids = Array.from({ length: 60 }, (_, index) => `thread-${String(index)}`);
    await Promise.all(ids.map((traceId) => call(app.port, '/items/1', { traceId })));
    const kept = ids.filter((id) => app.tracker.getExecutionSummary(id)?.keptBecause === 'sampled');
    expect(kept).toEqual(ids.filter((id) => app.tracker.shouldTrack(id)));
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length).toBeLessThan(50);
  });

  it('a sampled-out request is measured, and nothing of it is kept', async () => {
    await start({ sampleRate: 0 });
    await call(app.port, '/items/1', { traceId: 'out' });
    await app.sink.root('out');
    expect(app.tracker.getExecutionSummary('out')).toBeUndefined();
    expect(app.tracker.getStageStatistics('HTTP.1_REQUEST')).toMatchObject({ executionCount: 1 });
    expect(app.tracker.getStageStatistics('1.0_FIND')).toMatchObject({ executionCount: 1 });
  });

  it('a sampled-out request that fails is rescued, and one that is refused is not', async () => {
    await start({ sampleRate: 0 });
    await call(app.port, '/items/broken', { traceId: 'failed' });
    await call(app.port, '/items/refused', { traceId: 'refused' });
    await app.sink.root('refused');
    expect(app.tracker.getExecutionSummary('failed')).toMatchObject({
      keptBecause: 'failed',
      outcome: 'error',
    });
    expect(app.tracker.getExecutionSummary('refused')).toBeUndefined();
  });

  it('with rescue off a sampled-out request records nothing and has its id all the same', async () => {
    await start({ sampleRate: 0, rescue: false, metrics: { enabled: false } }, 'kept');
    const answer = await call(app.port, '/items/1', { traceId: 'nothing' });
    expect(answer).toMatchObject({ traceId: 'nothing', text: '{"id":"1","traceId":"nothing"}' });
    expect((await call(app.port, '/items/broken')).status).toBe(500);
    expect(app.sink.stages).toEqual([]);
    expect(app.tracker.getStageStatistics('HTTP.1_REQUEST')).toBeUndefined();
    expect(app.recorder.openTraceCount).toBe(0);
  });

  it('with rescue off a sink that wants all stages gets all of them, and nothing is kept', async () => {
    await start({ sampleRate: 0, rescue: false });
    await call(app.port, '/items/broken', { traceId: 'measured' });
    expect(await app.sink.root('measured')).toMatchObject({ outcome: 'error' });
    expect(app.tracker.getExecutionSummary('measured')).toBeUndefined();
  });

  it('the option force keeps the requests that it names', async () => {
    await start({ sampleRate: 0, force: (request) => request.headers['x-debug'] === 'yes' });
    await call(app.port, '/items/1', { traceId: 'forced', headers: { 'x-debug': 'yes' } });
    await call(app.port, '/items/1', { traceId: 'other' });
    await app.sink.root('other');
    expect(app.tracker.getExecutionSummary('forced')).toMatchObject({ keptBecause: 'forced', stageCount: 2 });
    expect(app.tracker.getExecutionSummary('other')).toBeUndefined();
  });

  it('the option threadId names what requests are looked up by, and the trace id stays', async () => {
    await start({ threadId: ({ headers }) => String(headers['x-conversation']) });
    const answer = await call(app.port, '/items/1', {
      traceId: 'turn-1',
      headers: { 'x-conversation': 'talk-7' },
    });
    expect(answer.traceId).toBe('turn-1');
    await app.sink.root('turn-1');
    expect(app.tracker.getExecutionSummary('talk-7')).toMatchObject({
      traceId: 'turn-1',
      threadId: 'talk-7',
    });
    expect(app.tracker.getExecutionSummary('turn-1')).toBeUndefined();
  });
});
