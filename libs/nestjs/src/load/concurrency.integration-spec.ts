import 'reflect-metadata';
import { EventEmitter, once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type MessageEvent, Param, Sse } from '@nestjs/common';
import { LoggerModule, PinoLogger } from 'nestjs-pino';
import {
  concatMap,
  debounceTime,
  delay,
  finalize,
  from,
  map,
  type Observable,
  of,
  shareReplay,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { ExecutionTracker, type Sink, type StageExecution, TrackStage } from '@followspot/core';
import { traceMixin } from '@followspot/sinks/log';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';
import { pipelined, type PipelinedRequest } from '../testing/pipelined.js';

const REQUESTS = 10_000;
/** Requests on one connection. Server and client are one process here, which would need 20,000 files without this. */
const PER_CONNECTION = 20;

/** Where every request waits until all have arrived: a promise that was made outside of all of them. */
class Gate {
  open = 0;
  peak = 0;
  readonly #all = Promise.withResolvers<undefined>();

  async pass(): Promise<void> {
    this.open += 1;
    this.peak = Math.max(this.peak, this.open);
    if (this.open === REQUESTS) this.#all.resolve(undefined);
    await this.#all.promise;
  }

  leave(): void {
    this.open -= 1;
  }
}

let gate: Gate;

/** One for the application, and everybody waits for its next tick. */
const emitter = new EventEmitter().setMaxListeners(0);

/** Ways in which a request comes back to its work after a while. */
const PROMISED: Record<string, (ms: number) => Promise<unknown>> = {
  setTimeout: (ms) => wait(ms),
  setImmediate: async (ms) => {
    for (let turn = 0; turn < ms % 5; turn += 1) await immediate();
  },
  promises: (ms) =>
    Array.from({ length: ms }).reduce((chain: Promise<unknown>) => chain.then(() => {}), Promise.resolve()),
  queueMicrotask: () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  nextTick: () => new Promise<void>((resolve) => process.nextTick(resolve)),
  emitter: () => once(emitter, 'tick'),
  message: async () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage('back');
    await once(port2, 'message');
    port1.close();
  },
};

/** Made for nobody, used by everybody: its values come in the context of whoever was there first. */
const shared = timer(5, 5).pipe(take(2), shareReplay(2));

/** The same for streams, with the values that each of them has. */
const STREAMED: Record<
  string,
  { readonly values: number; source(ms: number): Observable<unknown> | AsyncGenerator }
> = {
  delay: { values: 2, source: (ms) => of(1, 2).pipe(delay(ms)) },
  concatMap: { values: 2, source: (ms) => shared.pipe(concatMap((n) => of(n).pipe(delay(ms)))) },
  debounceTime: { values: 1, source: (ms) => of(1, 2).pipe(debounceTime(ms)) },
  shareReplay: { values: 2, source: () => shared },
  asyncGenerator: {
    values: 2,
    async *source(ms) {
      yield 1;
      await wait(ms);
      yield 2;
    },
  },
};

@Controller()
class DelayingController {
  constructor(
    @Inject(ExecutionTracker) private readonly tracker: ExecutionTracker,
    @Inject(PinoLogger) private readonly logger: PinoLogger,
  ) {}

  @Get('promised/:way/:ms/:own')
  async promised(@Param() { way, ms, own }: Record<string, string>): Promise<string[]> {
    const seen = [this.say(own!, 'arrived')];
    await gate.pass();
    seen.push(this.say(own!, 'all are here'));
    seen.push(await this.work(way!, Number(ms), own!));
    seen.push(this.say(own!, 'done'));
    gate.leave();
    return seen;
  }

  @TrackStage('WORK')
  async work(way: string, ms: number, own: string): Promise<string> {
    await PROMISED[way]!(ms);
    return this.say(own, 'working');
  }

  @Sse('streamed/:way/:ms/:own')
  streamed(@Param() { way, ms, own }: Record<string, string>): Observable<MessageEvent> {
    this.say(own!, 'arrived');
    return from(gate.pass()).pipe(
      switchMap(() => this.values(way!, Number(ms))),
      map(() => ({ data: this.say(own!, 'value') })),
      tap({ complete: () => this.say(own!, 'complete') }),
      finalize(() => {
        this.say(own!, 'finally');
        gate.leave();
      }),
    );
  }

  @TrackStage('VALUES')
  values(way: string, ms: number): Observable<unknown> | AsyncGenerator {
    return STREAMED[way]!.source(ms);
  }

  /** The trace id as it can be read here, and a line whose trace id pino's mixin reads. */
  private say(own: string, message: string): string {
    this.logger.info({ own }, message);
    return this.tracker.traceId ?? 'none';
  }
}

interface Line {
  readonly msg: string;
  readonly traceId?: string;
  /** Of a stage that has ended. */
  readonly stage?: string;
  /** Whose line it is, as the path of the request said. */
  readonly own?: string;
}

/** One for the file, because nestjs-pino has one root logger for the process. */
let lines: Line[] = [];
const memory = new Writable({
  write: (chunk, _, done) => {
    lines.push(JSON.parse(String(chunk)) as Line);
    done();
  },
});

/** Collects stages by trace, and tells when all requests have ended. */
class StagesByTrace implements Sink {
  readonly name = 'stages by trace';
  readonly stages = new Map<string, StageExecution[]>();
  readonly #allEnded = Promise.withResolvers<undefined>();
  readonly allEnded = this.#allEnded.promise;
  #ended = 0;

  record(stage: StageExecution, { traceId }: { traceId: string }): void {
    this.stages.set(traceId, [...(this.stages.get(traceId) ?? []), stage]);
    if (stage.kind === 'request' && (this.#ended += 1) === REQUESTS) this.#allEnded.resolve(undefined);
  }
}

interface Planned extends PipelinedRequest {
  readonly way: string;
}

/** The same requests in every run: numbers of a linear congruential generator instead of `Math.random`. */
function plan(): Planned[] {
  const ways = [
    ...Object.keys(PROMISED).map((way) => ['promised', way] as const),
    ...Object.keys(STREAMED).map((way) => ['streamed', way] as const),
  ];
  let seed = 20_261_121;
  return Array.from({ length: REQUESTS }, (_, index) => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    const [kind, way] = ways[index % ways.length]!;
    const traceId = `load-${String(index)}`;
    return { traceId, way, path: `/${kind}/${way}/${String(Math.floor((seed / 2 ** 32) * 50))}/${traceId}` };
  });
}

/** What a request leaves behind, in its answer, in the log and in the records. */
interface Traces {
  readonly header: string | undefined;
  /** The trace ids that its handler could read. */
  readonly seen: readonly string[];
  readonly stages: readonly string[];
  readonly said: readonly string[];
}

/** What that has to be, and no more. */
function expectedOf({ traceId, way }: Planned): Traces {
  const values = STREAMED[way]?.values;
  const stages =
    values === undefined ? ['WORK', 'HTTP.1_REQUEST'] : ['VALUES', 'HTTP.2_STREAM', 'HTTP.1_REQUEST'];
  const said =
    values === undefined
      ? ['arrived', 'all are here', 'working', 'done']
      : ['arrived', ...Array<string>(values).fill('value'), 'complete', 'finally'];
  return {
    header: traceId,
    seen: Array<string>(values ?? said.length).fill(traceId),
    stages,
    said: [...said, ...stages.map((stage) => `${stage} completed`)].sort(),
  };
}

describe.each(ADAPTERS)('10,000 requests that are open at the same time on %s', (adapter) => {
  let app: RunningApp;
  let ticking: NodeJS.Timeout;
  afterEach(async () => {
    clearInterval(ticking);
    await app.close();
  });

  it('each find their own trace id, and nobody else does, in every answer, line and stage', async () => {
    gate = new Gate();
    lines = [];
    const sink = new StagesByTrace();
    app = await startApp(adapter, {
      controllers: [DelayingController],
      imports: [LoggerModule.forRoot({ pinoHttp: [{ mixin: traceMixin, autoLogging: false }, memory] })],
      options: { log: true, sinks: [sink] },
    });
    ticking = setInterval(() => emitter.emit('tick'), 5);
    const requests = plan();
    const connections = Array.from({ length: REQUESTS / PER_CONNECTION }, (_, index) =>
      requests.slice(index * PER_CONNECTION, (index + 1) * PER_CONNECTION),
    );
    const answers = (await Promise.all(connections.map((own) => pipelined(app.port, own)))).flat();
    await sink.allEnded;
    expect(gate).toMatchObject({ peak: REQUESTS, open: 0 });

    const linesOf = Map.groupBy(lines, ({ traceId }) => traceId);
    const foundOf = ({ traceId }: Planned, index: number): Traces => ({
      header: answers[index]?.traceId,
      seen: answers[index]?.text.match(/load-\d+|none/g) ?? [],
      stages: sink.stages.get(traceId)?.map(({ stageId }) => stageId) ?? [],
      said: (linesOf.get(traceId) ?? []).map(({ stage, msg }) => stage?.concat(' completed') ?? msg).sort(),
    });
    const wrong = requests
      .map((request, index) => ({ request, found: foundOf(request, index), expected: expectedOf(request) }))
      .filter(({ found, expected }) => !isDeepStrictEqual(found, expected));
    expect(wrong.slice(0, 1)).toEqual([]);
    expect(lines.filter(({ own, traceId }) => own !== undefined && own !== traceId)).toEqual([]);
    expect([answers.length, linesOf.size, sink.stages.size]).toEqual([REQUESTS, REQUESTS, REQUESTS]);
    expect(app.recorder.openTraceCount).toBe(0);
    const none = { openTraces: 0, stages: 0, lateStages: 0, internalErrors: 0 };
    expect(app.tracker.getDropCounts()).toMatchObject(none);
  }, 120_000);
});
