// The generator of load, in a process of its own. It believes nothing: what arrives is compared with what should.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { awake } from '../harness/awake.ts';
import { answerQuestions } from './http-processes.ts';
import { EVENTS, EVENTS_WHEN_OPEN, expectedBody, HEARTBEAT } from './sse-streams.ts';

/** Streams to read to their end. */
export interface Drive {
  readonly port: number;
  readonly path: string;
  readonly streams: number;
  /** Read at the same time, each on a connection that is kept for the next one. */
  readonly atOnce: number;
}

/** Streams to keep open. */
export interface Opening {
  readonly port: number;
  readonly streams: number;
}

/** Heartbeats to wait for. */
export interface Listening {
  readonly ms: number;
}

/** Connections opened at the same time: fewer than the queue of a server takes. */
const CONNECTING = 100;
const CRLF = '\r\n';

answerQuestions({
  drive,
  open,
  listen: ({ ms }: Listening) => awake(() => wait(ms)),
  heartbeats: ({ port }: Opening) => heartbeats.get(port) ?? 0,
  leave,
});

const agents = new Map<number, Agent>();
const sockets = new Map<number, Socket[]>();
const heartbeats = new Map<number, number>();

/** Reads streams and returns how long that took in milliseconds. */
async function drive({ port, path, streams, atOnce }: Drive): Promise<number> {
  const agent = agents.get(port) ?? new Agent({ keepAlive: true, maxSockets: atOnce });
  agents.set(port, agent);
  const expected = expectedBody(EVENTS);
  let left = streams;
  const startMs = performance.now();
  const readOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = await bodyOf(port, path, agent);
      if (body !== expected) throw new Error(`${path} answered ${JSON.stringify(body)}`);
    }
  };
  await awake(() => Promise.all(Array.from({ length: atOnce }, readOn)));
  return performance.now() - startMs;
}

async function bodyOf(port: number, path: string, agent: Agent): Promise<string> {
  const request = get({ host: '127.0.0.1', port, path, agent });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  await once(response, 'end');
  return body;
}

/** Opens streams and returns when all events that come before the silence have arrived on each. */
async function open({ port, streams }: Opening): Promise<void> {
  const opened: Socket[] = [];
  sockets.set(port, opened);
  heartbeats.set(port, 0);
  let left = streams;
  const openOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await openOne(port, opened);
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, openOn));
}

/** On a bare connection, so that this process has room for all of them. */
async function openOne(port: number, opened: Socket[]): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  opened.push(socket);
  const { promise: areEventsThere, resolve, reject } = Promise.withResolvers<undefined>();
  socket.once('error', reject).once('close', () => {
    reject(new Error('the server closed a stream'));
  });
  let events = 0;
  socket.on('data', (text: string) => {
    heartbeats.set(port, (heartbeats.get(port) ?? 0) + countOf(text, HEARTBEAT));
    if (events === EVENTS_WHEN_OPEN) return;
    events += countOf(text, 'data: ');
    if (events === EVENTS_WHEN_OPEN) resolve(undefined);
  });
  socket.write(['GET /open HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream', '', ''].join(CRLF));
  await areEventsThere;
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Hangs up everything that is open to a server. */
function leave({ port }: Opening): void {
  for (const socket of sockets.get(port) ?? []) socket.removeAllListeners('close').destroy();
  sockets.delete(port);
}
