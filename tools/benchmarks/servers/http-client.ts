// The generator of load for requests, in a process of its own: connections that are kept, and a request on each as soon as
// the one before is answered. On bare sockets, so that most of the machine is left to the server.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { awake } from '../harness/awake.ts';
import { answerQuestions } from './http-processes.ts';

/** Requests to make. */
export interface RequestDrive {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  /** Whether answers carry a trace id. */
  readonly isTraced: boolean;
  readonly requests: number;
  /** Connections, each with one request at a time. */
  readonly atOnce: number;
}

const HEAD_END = '\r\n\r\n';
const TRACE_ID = /\r\nx-trace-id: [0-9a-f]{32}\r\n/i;
const connections = new Map<number, Connection[]>();

answerQuestions({ drive });

/** Makes requests and returns how long that took in milliseconds. */
async function drive({ port, path, body, isTraced, requests, atOnce }: RequestDrive): Promise<number> {
  const open =
    connections.get(port) ?? (await Promise.all(Array.from({ length: atOnce }, () => Connection.to(port))));
  connections.set(port, open);
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json${HEAD_END}`;
  let left = requests;
  const startMs = performance.now();
  const driveOn = async (connection: Connection): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await connection.answerTo(request);
      const isRight = answer.startsWith('HTTP/1.1 200 ') && answer.endsWith(HEAD_END + body);
      if (!isRight || TRACE_ID.test(answer) !== isTraced)
        throw new Error(`${path} answered ${JSON.stringify(answer)}`);
    }
  };
  await awake(() => Promise.all(open.map(driveOn)));
  return performance.now() - startMs;
}

/** One connection to a server that tells the length of its answers. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: ((answer: string) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#read(text);
    });
  }

  static async to(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  answerTo(request: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  #read(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf(HEAD_END);
    if (head < 0) return;
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(this.#received) ?? [];
    if (this.#received.length < head + HEAD_END.length + Number(length)) return;
    const answer = this.#received;
    this.#received = '';
    this.#answered?.(answer);
  }
}
