import 'reflect-metadata';
import { EventEmitter, on } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { from, fromEvent, map, merge, NEVER, type Observable } from 'rxjs';
import {
  type DropCounts,
  ExecutionTracker,
  type Sink,
  type StageExecution,
  type TraceIdentity,
  TrackStage,
} from '@followspot/core';
import { heartbeat } from '../rxjs/heartbeat.js';
import { openStream } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { Scraped } from '../testing/scraped.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const CYCLES = 1_000;
/** Streams that are open at the same time. */
const WAVE = 50;
/** So that what is kept on purpose is little beside what a leak would keep. */
const TRACES_IN_HISTORY = 10;
/** One leaked connection per cycle would be 20 times as much; there are 100 to 200 bytes per cycle, of the runtime's. */
const HEAP_BOUND_BYTES = CYCLES * 1_000;

/** What all streams of the application are fed from. */
const feed = new EventEmitter().setMaxListeners(0);
/** Generators whose `finally` has not run. */
let generators = 0;

@Controller()
class FeedController {
  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Sse('fed')
  fed(): Observable<MessageEvent> {
    return this.#marked(this.events());
  }

  @Sse('generated')
  generated(): Observable<MessageEvent> {
    return this.#marked(from(this.generator(this.tracker.signal)));
  }

  @Sse('silent')
  silent(): Observable<MessageEvent> {
    return NEVER.pipe(heartbeat(60_000));
  }

  @TrackStage('EVENTS')
  events(): Observable<MessageEvent> {
    return merge(fromEvent(feed, 'event'), NEVER).pipe(
      map(() => ({ data: 'event' })),
      heartbeat(60_000),
    );
  }

  async *generator(signal: AbortSignal): AsyncGenerator<MessageEvent> {
    generators += 1;
    try {
      for await (const _ of on(feed, 'event', { signal })) yield { data: 'event' };
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      generators -= 1;
      feed.emit('generator ended');
    }
  }

  /** Something that every request attaches to its own signal and nobody ever takes off. */
  #marked(source: Observable<MessageEvent>): Observable<MessageEvent> {
    this.tracker.signal.addEventListener('abort', () => this.tracker.traceId);
    return source;
  }
}

/** Counts how streams have ended, and keeps no hold of their traces. */
class Endings implements Sink {
  readonly name = 'endings';
  readonly scope = 'all';
  readonly counts = new Map<string, number>();
  traces: WeakRef<object>[] = [];

  record(stage: StageExecution, trace: TraceIdentity): void {
    const { kind, ending } = stage;
    if (kind === 'request') this.traces.push(new WeakRef(trace));
    if (ending !== undefined) this.counts.set(ending, (this.counts.get(ending) ?? 0) + 1);
  }
}

/** What a client that has gone could have left behind, apart from memory. */
interface Remains {
  /** What the gauges of what is open add up to. */
  readonly gauges: readonly number[];
  readonly listeners: readonly object[];
  readonly openTraces: number;
  readonly drops: Partial<DropCounts>;
}

/** Of 1,000 that were made, those that something else happens to hold for another moment. */
const FEW = 50;

const NOTHING = { gauges: [0, 0], openTraces: 0, drops: { lateStages: 0, internalErrors: 0, openTraces: 0 } };

function listenersOf(emitter: EventEmitter): object {
  return Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]));
}

function aliveOf(references: readonly WeakRef<object>[]): number {
  return references.filter((reference) => reference.deref() !== undefined).length;
}

describe.each(ADAPTERS)('Clients that leave their streams on %s', (adapter) => {
  let app: RunningApp;
  let endings: Endings;
  let ticking: NodeJS.Timeout;
  /** Of connections: those that the server still has, and the listeners of each when it closed. */
  let connections = 0;
  let listenersAtClose: number[] = [];
  let requests: WeakRef<IncomingMessage>[] = [];

  beforeEach(async () => {
    connections = 0;
    listenersAtClose = [];
    requests = [];
    endings = new Endings();
    app = await startApp(adapter, {
      controllers: [FeedController],
      options: { sinks: [endings], limits: { tracesInHistory: TRACES_IN_HISTORY } },
    });
    app.server.on('connection', (socket: Socket) => {
      connections += 1;
      socket.once('close', () => {
        connections -= 1;
        listenersAtClose.push(socket.listenerCount('close'));
        feed.emit('connection closed');
      });
    });
    app.server.on('request', (request: IncomingMessage) => requests.push(new WeakRef(request)));
    ticking = setInterval(() => feed.emit('event'), 2);
  });
  afterEach(async () => {
    clearInterval(ticking);
    await app.close();
  });

  const paths = ['/fed', '/generated', '/silent'];

  async function connectAndLeave(index: number, headers: Record<string, string> = {}): Promise<void> {
    const path = paths[index % paths.length]!;
    const stream = await openStream(app.port, path, { headers });
    if (path !== '/silent') await stream.seen('data: event');
    expect(stream.status).toBe(200);
    stream.leave();
  }

  async function inWaves(count: number): Promise<void> {
    for (let first = 0; first < count; first += WAVE) {
      await Promise.all(Array.from({ length: WAVE }, (_, index) => connectAndLeave(first + index)));
    }
    await allGone();
  }

  /** Until the server has seen all of them go and their work has stopped. */
  async function allGone(): Promise<void> {
    while (connections > 0) await new Promise((resolve) => feed.once('connection closed', resolve));
    while (generators > 0) await new Promise((resolve) => feed.once('generator ended', resolve));
    // What the `close` of a connection still has to do, on either side.
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    // Not of the module: the tests' own.
    app.sink.stages.length = 0;
  }

  async function remains(): Promise<Remains> {
    const { historyTraces: _, ...drops } = app.tracker.getDropCounts();
    const scraped = new Scraped(app);
    const gauges = ['sse_connections_active', 'http_requests_in_flight'].map((name) => scraped.sum(name));
    return {
      gauges: await Promise.all(gauges),
      listeners: [app.server, process, feed].map(listenersOf),
      openTraces: app.recorder.openTraceCount,
      drops,
    };
  }

  async function heapBytes(): Promise<number> {
    // A WeakRef keeps its target for the rest of the turn in which it was made or read.
    await wait(1);
    collectGarbage();
    await wait(1);
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  it('1,000 times leave nothing behind: no memory, listener, timer, connection, open trace or gauge', async () => {
    await inWaves(CYCLES);
    const before = await remains();
    const resourcesBefore = process.getActiveResourcesInfo().length;
    const heapBefore = await heapBytes();
    requests = [];
    endings.traces = [];

    await inWaves(CYCLES);
    const grownBytes = (await heapBytes()) - heapBefore;
    expect([requests.length, endings.traces.length]).toEqual([CYCLES, CYCLES]);
    expect(process.getActiveResourcesInfo().length - resourcesBefore).toBeLessThan(FEW);
    expect(await remains()).toEqual(before);
    expect(before).toMatchObject(NOTHING);
    expect(aliveOf(requests)).toBeLessThan(FEW);
    expect(aliveOf(endings.traces)).toBeLessThan(FEW);
    expect(grownBytes).toBeLessThan(HEAP_BOUND_BYTES);
    expect(Math.max(...listenersAtClose)).toBeLessThanOrEqual(10);
    expect(endings.counts).toEqual(new Map([['client_disconnect', 2 * CYCLES]]));
  }, 120_000);

  it('and come back at once, 200 of them 5 times with a Last-Event-ID of any kind, are served and leave nothing', async () => {
    const ids = [
      '',
      '0',
      '-1',
      '1e999',
      'NaN',
      '__proto__',
      '../../etc/passwd',
      '%00%0d%0a',
      '{"a":1}',
      'x'.repeat(8_000),
    ];
    await inWaves(WAVE);
    const before = await remains();
    const client = async (index: number): Promise<void> => {
      for (let time = 0; time < 5; time += 1)
        await connectAndLeave(index + time, { 'last-event-id': ids[(index + time) % ids.length]! });
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => client(index)));
    await allGone();
    expect(await remains()).toEqual(before);
    expect(before).toMatchObject(NOTHING);
    expect(endings.counts).toEqual(new Map([['client_disconnect', WAVE + 1_000]]));
  }, 120_000);
});
