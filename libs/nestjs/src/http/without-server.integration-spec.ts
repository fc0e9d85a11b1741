import 'reflect-metadata';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, type INestApplication, type MessageEvent, Sse } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Observable, of } from 'rxjs';
import { ItemsController } from '../testing/items.controller.js';
import { ADAPTERS, type AdapterName, startApp } from '../testing/running-app.js';

@Controller('whole')
class WholeController {
  @Get('text')
  @Header('content-type', 'text/plain')
  text(): string {
    return 'x'.repeat(100_000);
  }

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return of({ data: 'one' }, { data: 'two' });
  }
}

/** What an adapter for functions takes for a socket: whatever is written is there at once. */
const sentAtOnce = () => ({
  on: () => {},
  removeListener: () => {},
  cork: () => {},
  uncork: () => {},
  writable: true,
  _writableState: {},
  write: (_data: unknown, ...further: unknown[]): boolean => {
    const done = further.find((one) => typeof one === 'function') as (() => void) | undefined;
    done?.();
    return true;
  },
});

/** The application is called without a server, as functions in a cloud call it. */
async function inject(
  adapter: AdapterName,
  app: INestApplication,
  url: string,
  traceId: string,
): Promise<void> {
  if (adapter === 'fastify') {
    await (app as NestFastifyApplication).inject({ url, headers: { 'x-trace-id': traceId } });
    return;
  }
  const request = new IncomingMessage(new Socket());
  Object.assign(request, {
    method: 'GET',
    url,
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    httpVersion: '1.1',
  });
  Object.assign(request.headers, { host: 'nowhere', 'x-trace-id': traceId });
  Object.defineProperty(request, 'socket', { value: { destroyed: false, encrypted: false } });
  request.push(null);
  const response = new ServerResponse(request);
  response.assignSocket(sentAtOnce() as unknown as Socket);
  const finished = once(response, 'finish');
  const handle = app.getHttpAdapter().getInstance() as (of: IncomingMessage, by: ServerResponse) => void;
  handle(request, response);
  await finished;
}

describe.each(ADAPTERS)('A request that no server has accepted, on %s', (adapter) => {
  it.each([
    ['/items/1', 'ok'],
    ['/items/denied/1', 'ok'],
    ['/items/broken', 'error'],
    ['/nothing', 'ok'],
    ['/whole/text', 'ok'],
    ['/whole/stream', 'ok'],
  ])('is over when it was answered, and nobody has left: %s is %s', async (url, outcome) => {
    const app = await startApp(adapter, { controllers: [ItemsController, WholeController] });
    await inject(adapter, app.nest, url, 'alone');
    const root = await app.sink.root('alone');
    expect(root.outcome).toBe(outcome);
    expect(root.substages.map(({ ending }) => ending)).not.toContain('client_disconnect');
    await app.close();
  });
});
