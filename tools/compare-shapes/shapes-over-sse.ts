// What an `@Sse` handler can return, really streamed to a client. The true clock is the source's own: what a client sees
// comes later by what Node and the network take.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Served, ServingTool } from './tool.ts';
import { type Observed, type Row, Trial } from './trial.ts';
import { HALF_WAY, PAUSE_MS, STEPS } from './work.ts';

/** A row whose result answers a request. */
export interface ServedShape extends Row {
  /** The word for how its stream has to end. */
  readonly ending: string;
  /** After how many events the client leaves, where the row is about that. */
  readonly leavesAfter?: number;
  handler(trial: Trial, tool: ServingTool): Answer;
}

export const SERVED_SHAPES: readonly ServedShape[] = [
  {
    name: '@Sse Observable, complete',
    outcome: 'ok',
    ending: 'completed',
    uses: 1,
    handler: (trial) => trial.track(() => source(trial))(),
  },
  {
    name: '@Sse Observable, error',
    outcome: 'error',
    ending: 'server_error',
    uses: 1,
    handler: (trial) => trial.track(() => source(trial, { failsAt: HALF_WAY }))(),
  },
  {
    name: '@Sse Observable, client leaves',
    outcome: 'cancelled',
    ending: 'client_disconnect',
    uses: 1,
    leavesAfter: HALF_WAY,
    handler: (trial) => trial.track(() => source(trial, { isEndless: true }))(),
  },
  {
    name: '@Sse Promise<Observable>',
    outcome: 'ok',
    ending: 'completed',
    uses: 1,
    handler: (trial) =>
      trial.track(async () => {
        const startMs = performance.now();
        await sleep(PAUSE_MS);
        // Until it is subscribed to, nothing happens that could be the method's.
        return source(trial, { spentMs: performance.now() - startMs });
      })(),
  },
  {
    name: '@Sse from(async generator), full',
    outcome: 'ok',
    ending: 'completed',
    uses: 1,
    handler: (trial, tool) => tool.from(trial.track(() => generator(trial, STEPS))()),
  },
  {
    name: '@Sse from(async generator), client leaves',
    outcome: 'cancelled',
    ending: 'client_disconnect',
    uses: 1,
    leavesAfter: HALF_WAY,
    handler: (trial, tool) =>
      tool.from(trial.track(() => generator(trial, Number.POSITIVE_INFINITY, tool.signal))()),
  },
];

/** Has the shape answer one request of a client. */
export async function observeServed(tool: ServingTool, shape: ServedShape): Promise<Observed> {
  const trial = new Trial(tool);
  return trial.noting(shape, async () => {
    const answers: Served[] = [];
    await trial.settled(
      tool
        .serve(() => shape.handler(trial, tool), shape.leavesAfter)
        .then((answer) => void answers.push(answer)),
    );
    const [answer] = answers;
    // It hangs or has failed, which is noted.
    if (answer === undefined) return [];
    const { records, ending, events } = answer;
    trial.check(ending === shape.ending, `ends as ${String(ending)}`);
    const expected = shape.outcome === 'ok' ? STEPS : HALF_WAY;
    const steps = events.filter((text) => Number(text) > 0).length;
    trial.check(steps === expected, `${steps} of ${expected} events`);
    return records;
  });
}

/** Emits after each pause, calls another tracked method every time, and notes when it began and was over. */
function source(
  trial: Trial,
  how: { failsAt?: number; isEndless?: boolean; spentMs?: number } = {},
): InstanceType<typeof trial.Observable<number>> {
  return new trial.Observable<number>((subscriber) => {
    const end = trial.begin(how.spentMs);
    let step = 0;
    const timer = setInterval(() => {
      step += 1;
      trial.workInside();
      subscriber.next(step);
      if (step === how.failsAt) subscriber.error(new Error('failed'));
      if (step === STEPS && how.isEndless !== true) subscriber.complete();
    }, PAUSE_MS);
    // Also called after complete and error. Where the source is not stopped, its end is never seen.
    return () => {
      clearInterval(timer);
      end();
    };
  });
}

async function* generator(trial: Trial, steps: number, signal?: AbortSignal): AsyncGenerator<number> {
  const end = trial.begin();
  try {
    for (let step = 1; step <= steps; step += 1) {
      await sleep(PAUSE_MS, undefined, signal && { signal });
      trial.workInside();
      yield step;
    }
  } finally {
    end();
  }
}
