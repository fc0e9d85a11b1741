import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** The program; undefined when it is not installed. */
export const redisServer = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'redis-server'))
  .find((path) => existsSync(path));

/** A Redis of the test's own, on a free port of this machine, that forgets everything. */
export class Redis implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** With a port and nothing listening on it yet. */
  static async prepare(): Promise<Redis> {
    return new Redis(await mkdtemp(join(tmpdir(), 'followspot-redis-')), await freePort());
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<this> {
    const options = [
      '--port',
      String(this.#port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      this.#folder,
    ];
    this.#process = spawn(String(redisServer), options, { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = this.#process.stdout;
    if (output === null) throw new Error('redis-server has no output');
    for await (const line of createInterface(output)) {
      if (line.includes('Ready to accept connections')) break;
    }
    output.resume();
    return this;
  }

  /** Changes a setting while it runs. */
  async configure(setting: string, value: string): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1');
    socket.write(`CONFIG SET ${setting} ${value}\r\nQUIT\r\n`);
    const reply = await text(socket);
    if (!reply.startsWith('+OK')) throw new Error(`CONFIG SET ${setting} ${value}: ${reply}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Without any goodbye, as when its machine fails. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined) return;
    const closed = once(running, 'close');
    running.kill('SIGKILL');
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
