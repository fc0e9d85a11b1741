import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SERVER = join(import.meta.dirname, '../../../../libs/nestjs/src/testing/openai-server.ts');

/** What a provider says that it did in one call. */
export interface ReportedCall {
  readonly status: number;
  readonly inputTokens: number;
  /** Words that it produced. */
  readonly outputTokens: number;
  /** What it said about them, if it did. */
  readonly usageSaid?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens: number };
    readonly completion_tokens_details?: { readonly reasoning_tokens: number };
  };
  readonly tokensAfterAbort: number;
  readonly wasAborted: boolean;
  readonly wasCut: boolean;
  readonly traceparent?: string;
  readonly traceId?: string;
  readonly streamOptions?: object;
  /** The limit that it was given. */
  readonly maxTokens?: number;
}

/** A server that speaks OpenAI's protocol and misbehaves on demand, in a process of its own. */
export class Provider implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(
    process: ChildProcess,
    /** For `OPENAI_BASE_URL`. */
    readonly baseUrl: string,
  ) {
    this.#process = process;
  }

  static async start(): Promise<Provider> {
    const child = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [baseUrl] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new Provider(child, baseUrl);
  }

  /** What a gateway needs to ask it. */
  get environment(): Record<string, string> {
    return { OPENAI_BASE_URL: this.baseUrl, OPENAI_MODEL: 'gpt-4o', OPENAI_PROVIDER: 'openai' };
  }

  /** What it does from now on; see `Scenario` in the file of the server. */
  async does(scenario: object): Promise<void> {
    await fetch(new URL('/scenario', this.baseUrl), { method: 'PUT', body: JSON.stringify(scenario) });
  }

  async calls(): Promise<ReportedCall[]> {
    return (await (await fetch(new URL('/calls', this.baseUrl))).json()) as ReportedCall[];
  }

  /** The call of this number, from 1, as soon as it is over. */
  async call(number: number): Promise<ReportedCall> {
    return (await (await fetch(new URL(`/calls/${number}`, this.baseUrl))).json()) as ReportedCall;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.kill();
    await closed;
  }
}
