import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ConnectionWaiters } from './connection-waiters.js';
import { exchangeOfNodes } from './exchanges.js';

/** Waits for the end of one response. */
export interface ResponseEndListener {
  responseOver(): void;
  /** Everything was handed over to whoever sends it. Told before it is told that the response is over, if at all. */
  responseFinished(): void;
}

/** Connections that were idle for longer than the server allows, which destroys them. */
const idleTooLong = new WeakSet<Socket>();

/**
 * Tells `listener`, at least once, when the response was answered (`finish`), or its client left (`close`). A response that is
 * queued behind another one of its connection has no socket yet and gets neither when the connection goes, so that
 * is listened to as well. What listens are the same functions for all of them: those of its own would be a good part
 * of what an open stream costs.
 */
export function onResponseEnd(
  request: IncomingMessage,
  response: ServerResponse,
  listener: ResponseEndListener,
): void {
  response.on('close', over);
  const isOnConnection = isHttp1(request);
  if (isOnConnection) awaitConnection(request.socket, listener);
  if (!isOnConnection || !isClosedByServer(request, response))
    response.on('finish', request.httpVersionMajor < 2 ? finished : over);
}

/**
 * After `finish`, Node's HTTP/1 server lets `close` follow at once. Nothing else promises that: not a response that the
 * application has made by itself, as for an upgrade, in which the server has no part.
 */
function isClosedByServer(request: IncomingMessage, response: ServerResponse): boolean {
  const { upgrade } = request as { readonly upgrade?: unknown };
  return upgrade !== true && response.listenerCount('finish') > 0;
}

/** The connection of HTTP/2 outlives its streams, and what a test injects has none. */
function isHttp1({ httpVersionMajor, socket }: IncomingMessage): boolean {
  return httpVersionMajor === 1 && socket instanceof Socket;
}

/**
 * Whether this side destroyed the connection of a request: the other side has neither ended nor reset it. Of HTTP/2,
 * where a connection outlives its requests, nothing is known.
 */
export function wasDestroyedHere({ httpVersionMajor, socket }: IncomingMessage): boolean {
  if (httpVersionMajor !== 1 || !socket.destroyed || socket.readableEnded) return false;
  // What a socket that is destroyed with writes pending reports of itself.
  const { code } = (socket.errored ?? {}) as { code?: string };
  return code === undefined || code === 'ECANCELED';
}

/** Whether this side broke an answer off in the middle, by an error or by destroying the connection; not for having waited too long. */
export function wasBrokenOff(request: IncomingMessage, response: ServerResponse): boolean {
  const { errored } = response as { readonly errored?: Error | null };
  return errored != null || (wasDestroyedHere(request) && !idleTooLong.has(request.socket));
}

/** Whether the connection of a request was destroyed because nothing had happened on it (`server.setTimeout`). */
export function wasIdleTooLong(request: IncomingMessage): boolean {
  return wasDestroyedHere(request) && idleTooLong.has(request.socket);
}

/**
 * A response that no server of Node's takes (Fastify's `inject`, an adapter for functions in a cloud) may say `finish` before it
 * says that it was ended, or have a socket in which something always waits. HTTP/2 says `finish` of a response that was reset,
 * too, and is not believed.
 */
function finished(this: ServerResponse): void {
  exchangeOfNodes(this)?.responseFinished();
  over.call(this);
}

function over(this: ServerResponse): void {
  const exchange = exchangeOfNodes(this);
  if (exchange === undefined) return;
  if (isHttp1(exchange.request)) ConnectionWaiters.remove(exchange.request.socket, exchange);
  exchange.responseOver();
}

/** One listener on a connection, however many requests a client pipelines. */
function awaitConnection(socket: Socket, listener: ResponseEndListener): void {
  if (ConnectionWaiters.add(socket, listener)) return;
  new ConnectionWaiters(socket, listener);
  socket.on('timeout', noteIdle);
  socket.on('close', tellWaiters);
}

function noteIdle(this: Socket): void {
  idleTooLong.add(this);
}

function tellWaiters(this: Socket): void {
  ConnectionWaiters.tell(this);
}
