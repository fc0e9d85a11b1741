import { once } from 'node:events';
import type { Answer } from './http-client.js';
import { rawConnection } from './http-client.js';

export interface PipelinedRequest {
  readonly path: string;
  readonly traceId: string;
}

/**
 * Sends all requests on one connection without waiting for an answer, so that the server works on all of them at the
 * same time, and reads the answers, which come in the same order.
 */
export async function pipelined(port: number, requests: readonly PipelinedRequest[]): Promise<Answer[]> {
  const socket = await rawConnection(port);
  socket.setEncoding('latin1').write(requests.map(headOf).join(''));
  const answers: Answer[] = [];
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let next = takeAnswer(text); next !== undefined; next = takeAnswer(text)) {
      answers.push(next.answer);
      text = next.rest;
    }
    if (answers.length === requests.length) socket.destroy();
  });
  await once(socket, 'close');
  if (text !== '') throw new Error(`there is no whole answer in ${text}`);
  return answers;
}

function headOf({ path, traceId }: PipelinedRequest): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Trace-ID: ${traceId}\r\n\r\n`;
}

/** The first answer in what has arrived, and the rest; undefined for as long as it is not whole. */
function takeAnswer(text: string): { answer: Answer; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body =
    headers['transfer-encoding'] === 'chunked'
      ? takeChunks(text, end + 4)
      : takeLength(text, end + 4, Number(headers['content-length']));
  if (body === undefined) return undefined;
  const status = Number(statusLine.split(' ')[1]);
  return {
    answer: { status, headers, text: body.text, traceId: headers['x-trace-id'] },
    rest: text.slice(body.end),
  };
}

function takeLength(text: string, start: number, length: number): { text: string; end: number } | undefined {
  const end = start + length;
  return text.length < end ? undefined : { text: text.slice(start, end), end };
}

function takeChunks(text: string, start: number): { text: string; end: number } | undefined {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (lineEnd === -1 || text.length < end) return undefined;
    if (size === 0) return { text: body, end };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = end;
  }
}
