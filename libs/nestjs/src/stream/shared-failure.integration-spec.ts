import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { ExecutionTracker } from '@followspot/core';
import { concat, defer, type Observable, of, throwError } from 'rxjs';
import { call } from '../testing/http-client.js';
import { ADAPTERS, type RunningApp, startApp } from '../testing/running-app.js';

const FIRST: MessageEvent = { data: 'word' };

@Controller()
class SharedAnswerController {
  readonly #failure = new Error('429');

  constructor(@Inject(ExecutionTracker) private readonly tracker: ExecutionTracker) {}

  @Sse('asks')
  asks(): Observable<MessageEvent> {
    const answer = defer(() => throwError(() => this.#failure));
    return concat(
      of(FIRST),
      this.tracker.trackProvider({ provider: 'x' }, () => answer),
    );
  }

  /** Listened to the answer of somebody else, and calls no provider itself. */
  @Sse('listens')
  listens(): Observable<MessageEvent> {
    return concat(
      of(FIRST),
      throwError(() => new Error('shared', { cause: this.#failure })),
    );
  }
}

describe.each(ADAPTERS)('On %s a stream whose answer is worked out in another trace', (adapter) => {
  let app: RunningApp;
  beforeEach(async () => {
    app = await startApp(adapter, { controllers: [SharedAnswerController] });
  });
  afterEach(() => app.close());

  it('fails upstream when the provider failed there, and not before that is known', async () => {
    const endings: unknown[] = [];
    for (const path of ['listens', 'asks', 'listens']) {
      const traceId = `${path}-${endings.length}`;
      await call(app.port, `/${path}`, { traceId });
      const root = await app.sink.root(traceId);
      endings.push(root.substages.find(({ kind }) => kind === 'stream')?.ending);
    }
    expect(endings).toEqual(['server_error', 'upstream_error', 'upstream_error']);
  });
});
