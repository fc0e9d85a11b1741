import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Summary } from './summary.js';

export interface JsonAnswer {
  readonly status: number;
  readonly traceId: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function getJson(url: string, headers: Record<string, string> = {}): Promise<JsonAnswer> {
  const response = await fetch(url, { headers });
  const body = (await response.json()) as JsonAnswer['body'];
  return { status: response.status, traceId: response.headers.get('x-trace-id'), body };
}

/** What the gateway has kept of a trace. */
export async function getTrace(url: string, threadId: string): Promise<Summary> {
  const response = await fetch(`${url}/traces/${threadId}`);
  if (!response.ok) throw new Error(`no trace ${threadId}: ${await response.text()}`);
  return (await response.json()) as Summary;
}

/** A request as bytes, for what no HTTP client would send; resolves to the whole response. */
export async function rawRequest(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(Buffer.from([...lines, 'Host: gateway', 'Connection: close', '', ''].join('\r\n'), 'utf8'));
  return text(socket);
}

/** Sends a request and never reads of the answer; the caller destroys the connection. */
export function stalledRequest(url: string, path: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
  return socket;
}
