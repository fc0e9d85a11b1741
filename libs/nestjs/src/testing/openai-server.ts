import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// One file that imports nothing but Node and uses only types that Node strips, so that it can also be started as a
// process: `node libs/nestjs/src/testing/openai-server.ts [port]`. Then `PUT /scenario` says what to do next, `GET /calls`
// what was done, and `GET /calls/1` waits until the first call is over and says what was done in that one.

/** What the server does with a call; without anything it streams seven words and, if asked to, the usage. */
export interface Scenario {
  /** Content, a chunk and a token each. */
  readonly words?: readonly string[];
  /** The words again and again. Default false. */
  readonly isEndless?: boolean;
  /** A streamed answer is as long as it is, whatever limit it was given. Default false. */
  readonly ignoresLimit?: boolean;
  /** Tokens of the request as the server counts them. Default 11. */
  readonly inputTokens?: number;
  /** The words are arguments of a tool call, and there is no text. */
  readonly onlyToolCalls?: boolean;
  /** The words are shown as thought, and there is no text. */
  readonly reasons?: boolean;
  /** What is said about usage. Default `asked`: at the end, where `stream_options.include_usage` asks for it. */
  readonly usage?: 'asked' | 'none' | 'zeros' | 'twice' | 'null until the end';
  readonly cachedTokens?: number;
  readonly reasoningTokens?: number;
  /** A chunk without choices goes first, as Azure sends it. */
  readonly emptyChoicesFirst?: boolean;
  /** Says nothing after this many words until {@link ServedCall.goOn} is called or the client leaves. */
  readonly stallsAfter?: number;
  /** Cuts the connection after this many words. */
  readonly cutsAfter?: number;
  /** Goes on producing when the client has left, as providers do. Default false: it stops. */
  readonly goesOnAfterAbort?: boolean;
  /** Answers with this status and an error. */
  readonly status?: 400 | 401 | 429 | 500;
  /** Answers 400 where there are `stream_options`, as servers do that do not know them. */
  readonly refusesStreamOptions?: boolean;
}

/** The counts in the field `usage` of a chat completion. */
export interface SaidUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

const WORDS = ['The', ' cat', ' sat', ' on', ' the', ' mat', '.'];
const TOKENS_OF_A_PROMPT = 11;

/** One call, with what the server did. */
export class ServedCall {
  readonly path: string;
  readonly scenario: Scenario;
  readonly headers: IncomingMessage['headers'];
  readonly request: Record<string, unknown>;
  readonly model: string;
  /** Tokens of the request as the server counts them. */
  readonly inputTokens: number;
  /** Words that were produced, sent or not. */
  outputTokens = 0;
  /** Of these, the ones that were produced after the client had left. */
  tokensAfterAbort = 0;
  wasAborted = false;
  wasCut = false;
  status = 200;
  /** What was said about usage last, as it was sent; undefined as long as nothing was. */
  usageSaid: SaidUsage | undefined;
  /** Everything has been produced that will be. */
  readonly finished = Promise.withResolvers<undefined>();
  /** The words before the stall have been sent. */
  readonly stalled = Promise.withResolvers<undefined>();
  readonly #goesOn = Promise.withResolvers<undefined>();

  constructor(request: IncomingMessage, body: Record<string, unknown>, scenario: Scenario) {
    this.path = request.url ?? '';
    this.headers = request.headers;
    this.request = body;
    this.scenario = scenario;
    this.inputTokens = scenario.inputTokens ?? TOKENS_OF_A_PROMPT;
    this.model = `${String(body['model'])}-2024-08-06`;
  }

  /** How many tokens are asked for at most. */
  get limit(): number {
    const { max_tokens: limit, max_completion_tokens: other } = this.request;
    return Number(limit ?? other ?? Infinity);
  }

  goOn(): void {
    this.#goesOn.resolve(undefined);
  }

  /** Waits where the scenario says so. */
  async stall(closed: Promise<unknown>): Promise<void> {
    if (this.outputTokens !== this.scenario.stallsAfter) return;
    this.stalled.resolve(undefined);
    await Promise.race([closed, this.#goesOn.promise]);
  }

  /** What it says of itself over HTTP. */
  toJSON(): object {
    const { path, model, inputTokens, outputTokens, tokensAfterAbort, wasAborted, wasCut, status } = this;
    const { traceparent, 'x-trace-id': traceId } = this.headers;
    const { usageSaid, request } = this;
    return {
      ...{ path, model, status, inputTokens, outputTokens, usageSaid, tokensAfterAbort, wasAborted, wasCut },
      ...{ traceparent, traceId, streamOptions: request['stream_options'], maxTokens: request['max_tokens'] },
    };
  }
}

/** A provider that speaks OpenAI's protocol over HTTP: chat completions and responses, streamed or as a whole. */
export class OpenAiServer {
  /** What is done with the calls to come. */
  scenario: Scenario = {};
  readonly calls: ServedCall[] = [];
  readonly #server: Server;
  readonly #waiting: ((call: ServedCall) => void)[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(port = 0): Promise<OpenAiServer> {
    const server = new OpenAiServer();
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The next call, once it has arrived. */
  nextCall(): Promise<ServedCall> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part as string;
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    if (request.url === '/scenario') {
      this.scenario = body;
      json(response, 200, {});
    } else if (request.url === '/calls') {
      json(response, 200, this.calls);
    } else if (request.url?.startsWith('/calls/') === true) {
      const number = Number(request.url.slice('/calls/'.length));
      while (this.calls.length < number) await this.nextCall();
      const call = this.calls[number - 1];
      await call?.finished.promise;
      json(response, 200, call);
    } else {
      const call = new ServedCall(request, body, this.scenario);
      this.calls.push(call);
      // All of them: several may wait for the same one.
      for (const resolve of this.#waiting.splice(0)) resolve(call);
      await serve(call, response);
      call.finished.resolve(undefined);
    }
  }
}

async function serve(call: ServedCall, response: ServerResponse): Promise<void> {
  const { words = WORDS, refusesStreamOptions = false } = call.scenario;
  const isRefused = refusesStreamOptions && call.request['stream_options'] !== undefined;
  const status = isRefused ? 400 : call.scenario.status;
  const isChat = call.path.endsWith('/chat/completions');
  if (status !== undefined) {
    call.status = status;
    // Some servers quote the key that they do not know.
    const quoted = status === 401 ? `: ${String(call.headers.authorization)}` : '';
    json(response, status, { error: { message: `scenario ${status}${quoted}`, type: 'scenario' } });
  } else if (call.request['stream'] === true) {
    await (isChat ? streamChat(call, response) : streamResponse(call, response));
  } else {
    call.outputTokens = words.length;
    json(response, 200, isChat ? wholeChat(call) : wholeResponse(call, 'completed'));
  }
}

async function streamChat(call: ServedCall, response: ServerResponse): Promise<void> {
  const {
    usage = 'asked',
    onlyToolCalls = false,
    reasons = false,
    emptyChoicesFirst = false,
  } = call.scenario;
  const asked = (call.request['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage;
  const isUsageSent = usage === 'asked' ? asked === true : usage !== 'none';
  const chunk = (fields: object): object => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: call.model,
    choices: [],
    ...(usage === 'null until the end' && { usage: null }),
    ...fields,
  });
  const choice = (delta: object, finishReason: string | null = null): object =>
    chunk({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
  const word = (text: string, index: number): object => {
    if (reasons) return choice({ reasoning_content: text });
    if (!onlyToolCalls) return choice({ content: text });
    const name =
      index === 0 ? { id: 'call_1', type: 'function', function: { name: '', arguments: text } } : {};
    return choice({ tool_calls: [{ index: 0, function: { arguments: text }, ...name }] });
  };
  const { write, isClosed } = startEvents(call, response);
  if (emptyChoicesFirst) await write(chunk({ prompt_filter_results: [] }));
  await write(choice({ role: 'assistant', content: onlyToolCalls ? null : '' }));
  if (!(await produce(call, response, word, write, isClosed))) return;
  if (usage === 'twice') await write(chunk({ usage: usageOf(call, 1) }));
  const reason = call.outputTokens >= call.limit ? 'length' : 'stop';
  await write(choice({}, onlyToolCalls ? 'tool_calls' : reason));
  if (isUsageSent) await write(chunk({ usage: usageOf(call) }));
  response.end('data: [DONE]\n\n');
}

async function streamResponse(call: ServedCall, response: ServerResponse): Promise<void> {
  const { write, isClosed } = startEvents(call, response);
  await write({ type: 'response.created', response: { ...wholeResponse(call, 'in_progress'), usage: null } });
  const word = (delta: string): object => ({ type: 'response.output_text.delta', item_id: 'msg_1', delta });
  if (!(await produce(call, response, word, write, isClosed))) return;
  await write({ type: 'response.completed', response: wholeResponse(call, 'completed') });
  response.end();
}

type Write = (event: object) => Promise<void>;

/** Sends a word at a time; false when that is all there is to send. */
async function produce(
  call: ServedCall,
  response: ServerResponse,
  eventOf: (word: string, index: number) => object,
  write: Write,
  isClosed: () => boolean,
): Promise<boolean> {
  const { cutsAfter, goesOnAfterAbort = false } = call.scenario;
  const closed = once(response, 'close');
  for (const word of wordsOf(call)) {
    const index = call.outputTokens;
    await call.stall(closed);
    if (index === cutsAfter) {
      call.wasCut = true;
      response.socket?.destroySoon();
      return false;
    }
    if (isClosed() && !goesOnAfterAbort) return false;
    call.outputTokens += 1;
    if (isClosed()) call.tokensAfterAbort += 1;
    else await write(eventOf(word, index));
  }
  await call.stall(closed);
  return !isClosed();
}

function* wordsOf({ scenario, limit }: ServedCall): Generator<string> {
  const { words = WORDS, isEndless = false, ignoresLimit = false } = scenario;
  let left = ignoresLimit ? Infinity : limit;
  do {
    yield* words.slice(0, left);
    left -= words.length;
  } while (isEndless && left > 0);
}

function startEvents(call: ServedCall, response: ServerResponse): { write: Write; isClosed: () => boolean } {
  // A write to a client that leaves before it is through may never be told.
  let given = (): void => undefined;
  response.once('close', () => {
    call.wasAborted = !response.writableFinished && !call.wasCut;
    given();
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write: Write = (event) =>
    new Promise((resolve) => {
      given = resolve;
      if (response.destroyed) resolve();
      else response.write(`data: ${JSON.stringify(event)}\n\n`, () => setImmediate(resolve));
    });
  return { write, isClosed: () => response.destroyed };
}

function usageOf(call: ServedCall, outputTokens = call.outputTokens): SaidUsage {
  const { usage, cachedTokens, reasoningTokens } = call.scenario;
  const [input, output] = usage === 'zeros' ? [0, 0] : [call.inputTokens, outputTokens];
  call.usageSaid = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  };
  return call.usageSaid;
}

function wholeChat(call: ServedCall): object {
  const { words = WORDS, usage } = call.scenario;
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: call.model,
    choices: [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
    ...(usage !== 'none' && { usage: usageOf(call) }),
  };
}

function wholeResponse(call: ServedCall, status: 'in_progress' | 'completed'): object {
  const { words = WORDS, cachedTokens = 0, reasoningTokens = 0 } = call.scenario;
  return {
    id: 'resp_1',
    object: 'response',
    status,
    model: call.model,
    output: [
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: words.join(''), annotations: [] }],
      },
    ],
    usage: {
      input_tokens: call.inputTokens,
      input_tokens_details: { cached_tokens: cachedTokens },
      output_tokens: call.outputTokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: call.inputTokens + call.outputTokens,
    },
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

if (import.meta.main) {
  const { baseUrl } = await OpenAiServer.start(Number(process.argv[2] ?? 0));
  console.log(baseUrl);
}
