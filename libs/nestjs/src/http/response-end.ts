import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { attachment } from './attachment.js';

/** Connections that were idle for longer than the server allows, which destroys them. */
const idleTooLong = new WeakSet<Socket>();

/** Who waits for each connection to close: one listener on it, however many requests a client pipelines. */
const waiting = attachment<Set<() => void>>();

/**
 * Calls `listener` once, when the response was answered (`finish`), or its client left (`close`). A response that is
 * queued behind another one of its connection has no socket yet and gets neither when the connection goes, so that
 * is listened to as well.
 */
export function onResponseEnd(
  request: IncomingMessage,
  response: ServerResponse,
  listener: () => void,
): void {
  // The connection of HTTP/2 outlives its streams, and each stream has a `close` of its own.
  const waiters = request.httpVersionMajor === 1 ? waitersOf(request.socket) : undefined;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    waiters?.delete(end);
    listener();
  };
  waiters?.add(end);
  response.once('finish', end);
  response.once('close', end);
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

/** Whether the connection of a request was destroyed because nothing had happened on it (`server.setTimeout`). */
export function wasIdleTooLong(request: IncomingMessage): boolean {
  return wasDestroyedHere(request) && idleTooLong.has(request.socket);
}

function waitersOf(socket: Socket): Set<() => void> {
  const known = waiting.of(socket);
  if (known !== undefined) return known;
  const waiters = new Set<() => void>();
  waiting.attach(socket, waiters);
  socket.once('timeout', () => {
    idleTooLong.add(socket);
  });
  socket.once('close', () => {
    for (const end of waiters) end();
  });
  return waiters;
}
