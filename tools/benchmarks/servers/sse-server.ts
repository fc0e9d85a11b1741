// One application that streams: `node sse-server.ts VARIANT ADAPTER`.
import { setTimeout as wait } from 'node:timers/promises';
import { Controller, type MessageEvent, Sse } from '@nestjs/common';
import { concat, from, interval, map, type Observable, range, take, timer } from 'rxjs';
import { serve, variantOfProcess } from './http-app.ts';
import { limitStream } from './limit.ts';
import { EVENTS, EVENTS_WHEN_OPEN, HEARTBEAT, HEARTBEAT_MS, WORD } from './sse-streams.ts';

const { limit } = variantOfProcess().variant;
const followed = limit === true ? limitStream : <T>(source: Observable<T>): Observable<T> => source;
const event = (): MessageEvent => ({ data: { text: WORD } });

class StreamsController {
  /** All events at once: nothing but the stream itself has a cost here. */
  burst(): Observable<MessageEvent> {
    return followed(range(0, EVENTS).pipe(map(event)));
  }

  /** As a model answers: a generator that waits for each word. */
  awaited(): Observable<MessageEvent> {
    return followed(from(words()));
  }

  /** A few events, then heartbeats for as long as the client stays. */
  open(): Observable<MessageEvent> {
    return followed(
      concat(
        timer(0, 20).pipe(take(EVENTS_WHEN_OPEN), map(event)),
        interval(HEARTBEAT_MS).pipe(map((): MessageEvent => ({ comment: HEARTBEAT }))),
      ),
    );
  }
}

async function* words(): AsyncGenerator<MessageEvent> {
  for (let count = 0; count < EVENTS; count += 1) {
    await wait(2);
    yield event();
  }
}

/** Decorates as TypeScript does; Node runs no decorators by itself. */
function decorate(): void {
  for (const name of ['burst', 'awaited', 'open'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(StreamsController.prototype, name);
    if (descriptor !== undefined) Sse(name)(StreamsController.prototype, name, descriptor);
  }
  Controller()(StreamsController);
}

decorate();
await serve(StreamsController);
