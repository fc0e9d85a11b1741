import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { Summary } from './summary.js';

/** What a search tells. */
export interface SearchEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: {
    readonly traceId: string;
    readonly text?: string;
    readonly sources?: readonly { package?: string; file: string; heading: string; score: number }[];
    readonly cached?: 'l1' | 'l2' | 'flight' | false;
    readonly provider?: string;
    readonly model?: string;
    readonly failover?: boolean;
    readonly error?: string;
    readonly message?: string;
    readonly reason?: string;
    readonly summary?: Summary;
  };
}

/** The SSE answer to one request, read as it arrives. */
export class EventStream {
  readonly events: SearchEvent[] = [];
  readonly comments: string[] = [];
  /** How long the client was told to wait before it comes back, in milliseconds. */
  readonly retries: number[] = [];
  /** Resolves when the answer has ended, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #request: ClientRequest;
  readonly #changed = new EventTarget();
  #isClosed = false;

  private constructor(
    request: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    this.#request = request;
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        this.events.push({ id, type: event ?? 'message', data: JSON.parse(data) as SearchEvent['data'] });
      },
      onRetry: (retryMs) => {
        this.retries.push(retryMs);
      },
      onComment: (comment) => {
        this.comments.push(comment);
      },
    });
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (chunk: string) => {
      parser.feed(chunk);
      this.#changed.dispatchEvent(new Event('change'));
    });
    this.closed = this.#untilClosed();
  }

  /** Asks and resolves when the response begins. */
  static async search(
    url: string,
    question: string,
    headers: Record<string, string> = {},
  ): Promise<EventStream> {
    const request = get(`${url}/search?q=${encodeURIComponent(question)}`, { headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.on('error', () => undefined);
    return new EventStream(request, response);
  }

  /** Asks and resolves when the answer has ended. */
  static async answer(url: string, question: string, headers?: Record<string, string>): Promise<EventStream> {
    const stream = await EventStream.search(url, question, headers);
    await stream.closed;
    return stream;
  }

  get traceId(): string {
    return String(this.response.headers['x-trace-id']);
  }

  /** The answer, as a client would put it together. */
  get text(): string {
    return this.events.map(({ data }) => data.text ?? '').join('');
  }

  /** What was told after the last time that everything was taken back. */
  get valid(): readonly SearchEvent[] {
    return this.events.slice(this.events.findLastIndex(({ type }) => type === 'restart') + 1);
  }

  /** The last event. */
  get end(): SearchEvent | undefined {
    return this.events.at(-1);
  }

  /** Resolves when what has been received so far satisfies the condition; rejects when the answer ends before. */
  async until(condition: (stream: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#isClosed) throw new Error(`the stream ended after ${this.events.length} events`);
      await once(this.#changed, 'change');
    }
  }

  /** Hangs up. */
  leave(): void {
    this.#request.destroy();
  }

  async #untilClosed(): Promise<void> {
    // Not `once`, which would reject: that an answer is cut is what some tests are about.
    await new Promise((resolve) => this.response.once('close', resolve));
    this.#isClosed = true;
    this.#changed.dispatchEvent(new Event('change'));
  }
}
