// What nobody who traces can do without, and nothing else: the physical limit of the tables. A trace has an id that the
// client is told, what runs for it knows it, and how long it took is read off a clock. Nothing is kept or counted.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Observable } from 'rxjs';

interface LimitTrace {
  readonly id: string;
  readonly startedMs: number;
  endedMs: number;
}

const ID_BYTES = 16;
const contexts = new AsyncLocalStorage<LimitTrace>();
/** Random bytes for some ids at once, which is much cheaper than for each one alone. */
const pool = Buffer.alloc(256 * ID_BYTES);
let usedBytes = pool.length;

/** A random id of 128 bits, a header, one context, a clock reading at the start and one when the response has closed. */
export function limitRequests(server: Server): void {
  const handlers = server.listeners('request') as ((...of: [IncomingMessage, ServerResponse]) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const trace: LimitTrace = { id: randomId(), startedMs: performance.now(), endedMs: 0 };
    response.setHeader('X-Trace-ID', trace.id);
    response.on('close', () => {
      trace.endedMs = performance.now();
    });
    contexts.run(trace, () => {
      for (const handle of handlers) handle.call(server, request, response);
    });
  });
}

/** A clock reading before a step and one after, without which nobody can say how long it took. */
export function limitStep(step: (value: number) => Promise<number>): (value: number) => Promise<number> {
  return async (value) => {
    const startedMs = performance.now();
    const result = await step(value);
    tookMs = performance.now() - startedMs;
    return result;
  };
}

/** One subscriber and a clock reading an event. */
export function limitStream<T>(source: Observable<T>): Observable<T> {
  return new Observable((subscriber) =>
    source.subscribe({
      next: (event) => {
        tookMs = performance.now();
        subscriber.next(event);
      },
      error: (error: unknown) => {
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    }),
  );
}

/** Where readings go, so that V8 does not leave them out. */
export let tookMs = 0;

function randomId(): string {
  if (usedBytes === pool.length) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  usedBytes += ID_BYTES;
  return pool.toString('hex', usedBytes - ID_BYTES, usedBytes);
}
