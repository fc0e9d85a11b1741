import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { connect, type Socket } from 'node:net';

/** An answer that has been read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The value of X-Trace-ID. */
  readonly traceId: string | undefined;
}

export interface CallOptions extends RequestOptions {
  readonly traceId?: string;
  readonly body?: string;
}

/** Sends a request on a connection of its own (unless it is given an agent) and reads the whole answer. */
export async function call(port: number, path: string, options: CallOptions = {}): Promise<Answer> {
  const response = await (await send(port, path, options)).response;
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status: response.statusCode ?? 0, headers: response.headers, text, traceId: traceIdOf(response) };
}

/** An answer that is still being written. */
export class OpenStream {
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #chunks: AsyncIterator<unknown>;
  text = '';

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.#response = response.setEncoding('utf8');
    this.#chunks = response[Symbol.asyncIterator]();
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  get traceId(): string | undefined {
    return traceIdOf(this.#response);
  }

  /** Reads until `text` has been seen. */
  async seen(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      const step: IteratorResult<unknown, unknown> = await this.#chunks.next();
      if (step.done === true) throw new Error(`the stream ended without ${text}: ${this.text}`);
      this.text += String(step.value);
    }
  }

  /** Hangs up. */
  leave(): void {
    this.#request.destroy();
  }
}

/** Sends a request and returns when the head of the answer is there. */
export async function openStream(port: number, path: string, options: CallOptions = {}): Promise<OpenStream> {
  const { request, response } = await send(port, path, options);
  return new OpenStream(request, await response);
}

/** Sends a request whose answer may never come; errors of the connection are ignored unless `response` is awaited. */
export async function send(
  port: number,
  path: string,
  { traceId, body, ...options }: CallOptions = {},
): Promise<{ request: ClientRequest; response: Promise<IncomingMessage> }> {
  const headers = {
    ...(traceId !== undefined && { 'x-trace-id': traceId }),
    ...(options.headers as object | undefined),
  };
  const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, ...options, headers });
  const response = once(request, 'response').then(([message]) => message as IncomingMessage);
  response.catch(() => {});
  request.on('error', () => {});
  request.end(body);
  await once(request, 'finish');
  return { request, response };
}

/** Writes bytes on a bare connection and returns everything that comes back until `isEnough`. */
export async function rawExchange(
  port: number,
  bytes: string,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const socket = await rawConnection(port);
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (isEnough(text)) break;
  }
  socket.destroy();
  return text;
}

export async function rawConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

function traceIdOf(response: IncomingMessage): string | undefined {
  const value = response.headers['x-trace-id'];
  return Array.isArray(value) ? value.join() : value;
}
