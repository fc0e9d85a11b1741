// Followspot as a service has it: every trial runs inside a real request of a real application. Which one it is (a major
// of NestJS, with what is installed beside it) is said in CONSUMER, which HTTP adapter by the argument.
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Consumer from '../nest-11/consumer/shapes-app.ts';
import type { Served, ServingTool } from './tool.ts';
import { decorated, recordsOf } from './tracked.ts';

/** Longer than the end of a trace takes after its response by far. */
const HANG_MS = 3_000;

export async function createTool(adapter = 'express'): Promise<ServingTool> {
  const { start, TrackStage, Observable, observableOf } = (await import(
    process.env['CONSUMER'] ?? ''
  )) as typeof Consumer;
  const app = await start(adapter);
  /** Sends a request whose handler is `handler`. */
  const request = async (path: string, handler: () => unknown, leavesAfter?: number): Promise<Served> => {
    const traceId = randomUUID();
    const ended = app.ended(traceId);
    app.handlers.set(traceId, handler);
    const events = await read(`http://127.0.0.1:${app.port}/${path}/${traceId}`, traceId, leavesAfter);
    const summary = await Promise.race([ended, sleep(HANG_MS)]);
    if (summary === undefined) throw new Error('no trace of the request');
    const stream = summary.stages[0]?.substages.find(({ kind }) => kind === 'stream');
    return { records: recordsOf(summary), ending: stream?.ending, events };
  };
  return {
    Observable,
    from: observableOf,
    canSayCancelled: true,
    track: (name, method, options) => decorated(TrackStage, name, method, options),
    runTrace: async (body) => (await request('trials', body)).records,
    serve: (handler, leavesAfter) => request('streams', handler, leavesAfter),
    get signal() {
      return app.signal;
    },
    close: () => app.close(),
  };
}

/** The events of the answer, until it has ended or the client has had enough. */
function read(url: string, traceId: string, leavesAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const sent = get(url, { headers: { 'x-trace-id': traceId }, agent: false }, (response) => {
      let text = '';
      const events = (): string[] => (text.match(/^data: .*$/gm) ?? []).map((line) => line.slice(6));
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (events().length < leavesAfter) return;
        resolve(events());
        sent.destroy();
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(events());
        else reject(new Error(`${url} answered ${String(response.statusCode)}: ${text}`));
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
  });
}
