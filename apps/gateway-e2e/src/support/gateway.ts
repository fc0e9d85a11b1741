import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jest } from '@jest/globals';

// A gateway needs a second to start, more on a busy machine.
jest.setTimeout(30_000);

const MAIN = join(import.meta.dirname, '../../../gateway/dist/main.js');

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly msg?: string;
  readonly traceId?: string;
};

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

interface Waiter {
  readonly matches: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
  readonly reject: (error: Error) => void;
}

/** A gateway in a process of its own, as a user starts it. */
export class Gateway implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  readonly exited: Promise<Exit>;
  url = '';
  readonly #process: ChildProcess;
  readonly #waiting = new Set<Waiter>();
  #stderr = '';

  /** @param environment Nothing of the test's own is passed on but where to find programs. */
  constructor(environment: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'], PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = this.#untilExit();
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    if (this.#process.stdout !== null) {
      createInterface(this.#process.stdout).on('line', (line) => {
        this.#received(JSON.parse(line) as LogLine);
      });
    }
  }

  /** Resolves when it listens. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Gateway> {
    const gateway = new Gateway(environment);
    const { msg } = await gateway.line(({ msg }) => msg?.startsWith('Listening on ') === true);
    gateway.url = msg?.replace('Listening on ', '') ?? '';
    return gateway;
  }

  /** The first line that matches, past or future; rejects when the process ends without one. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    const past = this.lines.find(matches);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => this.#waiting.add({ matches, resolve, reject }));
  }

  /** The line that tells that a request has ended, and with it that its trace can be looked up. */
  requestLine(traceId: string): Promise<LogLine> {
    return this.line((line) => line.traceId === traceId && line['event'] === 'request');
  }

  linesOf(traceId: string): LogLine[] {
    return this.lines.filter((line) => line.traceId === traceId);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #untilExit(): Promise<Exit> {
    // `close` and not `exit`: by then everything that was written has been read.
    const [code, signal] = (await once(this.#process, 'close')) as [number | null, NodeJS.Signals | null];
    for (const { reject } of this.#waiting) reject(new Error(`the gateway has ended: ${this.#stderr}`));
    return { code, signal, stderr: this.#stderr };
  }

  #received(line: LogLine): void {
    this.lines.push(line);
    for (const waiter of this.#waiting) {
      if (!waiter.matches(line)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(line);
    }
  }
}
