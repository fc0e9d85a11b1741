import { Logger } from '@nestjs/common';
import { type ExecutionTracker, readChunk } from '@followspot/nestjs';
import OpenAI from 'openai';
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import {
  catchError,
  defer,
  filter,
  finalize,
  from,
  map,
  type Observable,
  switchMap,
  tap,
  throwIfEmpty,
} from 'rxjs';
import type { Endpoint } from '../config/endpoint.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { type AnsweredBy, type Answerer, ATTEMPT_STAGE } from './answerer.js';
import { Circuit } from './circuit.js';
import { lengthLimited } from './length-limit.js';
import { messagesOf, type ModelMessage } from './model-messages.js';
import type { Prompt } from './prompt.js';
import { timeLimited } from './time-limits.js';
import { EmptyAnswer } from './upstream-error.js';
import { whole } from './whole.js';

/** Statuses by which a server turns a request down and says nothing about itself. */
const REQUEST_REFUSED: ReadonlySet<unknown> = new Set([400, 413, 422]);

/**
 * Characters that a token may have on average, twice the usual. A server that heeds the limit of tokens does not get there;
 * one that does not is stopped by it.
 */
const CHARACTERS_PER_TOKEN = 8;

/** A model behind OpenAI's protocol: OpenAI itself, vLLM, Ollama, llama.cpp, LiteLLM and others. */
export class OpenAiAnswerer implements Answerer {
  readonly by: AnsweredBy;
  readonly #client: OpenAI;
  readonly #apiKey: string | undefined;
  readonly #circuit: Circuit;
  readonly #config: GatewayConfig;
  readonly #tracker: ExecutionTracker;
  readonly #logger = new Logger('Answerer');
  readonly #isOpenAi: boolean;
  /** Whether the server takes {@link #extras}, which not all know; undefined until it has answered once. */
  #takesExtras: boolean | undefined;

  constructor(endpoint: Endpoint, config: GatewayConfig, tracker: ExecutionTracker) {
    const { provider, model, baseUrl, apiKey, isOpenAi } = endpoint;
    this.by = { provider, model };
    this.#config = config;
    this.#tracker = tracker;
    // Whoever tries again here tries what has just failed; there are others to ask.
    this.#client = new OpenAI({ baseURL: baseUrl, apiKey: apiKey ?? 'none', maxRetries: 0 });
    this.#apiKey = apiKey;
    this.#isOpenAi = isOpenAi;
    this.#circuit = new Circuit({
      breakerFailures: config.breakerFailures,
      breakerOpenMs: config.breakerOpenMs,
      isFailure: (error) => !isRefused(error),
      onOpen: () => {
        this.#logger.warn(`${provider} ${model} fails and is left alone for ${config.breakerOpenMs} ms`);
      },
      onClose: () => {
        this.#logger.log(`${provider} ${model} answers again`);
      },
    });
  }

  answer(prompt: Prompt, attempt: number): Observable<string> {
    const messages = messagesOf(prompt, this.#config);
    const ask = (): Observable<ChatCompletionChunk> => this.#called(messages, attempt);
    return this.#circuit.guard(defer(ask)).pipe(
      catchError((error: unknown) => {
        if (!this.#mayBeExtras(error)) throw error;
        this.#takesExtras = false;
        return this.#circuit.guard(defer(ask)).pipe(tap({ error: () => (this.#takesExtras = undefined) }));
      }),
      map(textOf),
      filter((text) => text !== ''),
      throwIfEmpty(() => new EmptyAnswer()),
    );
  }

  /** Some servers quote the key that they do not know, and what an error says is recorded. */
  #withoutKey(error: unknown): unknown {
    if (error instanceof Error && this.#apiKey !== undefined) {
      error.message = error.message.replaceAll(this.#apiKey, '***');
    }
    return error;
  }

  /**
   * What is asked for beside an answer: the usage, and that it stops. All but OpenAI know `max_tokens`, and many nothing else;
   * OpenAI's models that think refuse it.
   */
  #extras(): Partial<ChatCompletionCreateParamsStreaming> {
    if (this.#takesExtras === false) return {};
    const { answerMaxTokens } = this.#config;
    return {
      stream_options: { include_usage: true },
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- By OpenAI, for its own models.
      ...(this.#isOpenAi ? { max_completion_tokens: answerMaxTokens } : { max_tokens: answerMaxTokens }),
    };
  }

  /** A server that does not know one of them may turn the request down for it, in whatever words. */
  #mayBeExtras(error: unknown): boolean {
    return this.#takesExtras === undefined && isRefused(error);
  }

  #called(messages: ModelMessage[], attempt: number): Observable<ChatCompletionChunk> {
    const call = { ...this.by, stageId: ATTEMPT_STAGE, prompt: messages };
    return this.#tracker.trackProvider(call, () => defer(() => this.#chunks(messages, attempt)));
  }

  #chunks(messages: ModelMessage[], attempt: number): Observable<ChatCompletionChunk> {
    this.#tracker.setAttribute('attempt', attempt);
    const unsubscribed = new AbortController();
    const answered = this.#client.chat.completions.create(
      { ...this.#extras(), model: this.by.model, messages, stream: true },
      {
        signal: AbortSignal.any([this.#tracker.signal, unsubscribed.signal]),
        headers: this.#tracker.outgoingHeaders(),
      },
    );
    return from(answered).pipe(
      tap(() => (this.#takesExtras ??= true)),
      switchMap((chunks) => chunks),
      timeLimited(this.#config, (chunk) => contentLength(chunk) > 0),
      lengthLimited(this.#config.answerMaxTokens * CHARACTERS_PER_TOKEN, contentLength),
      whole(),
      catchError((error: unknown) => {
        throw this.#withoutKey(error);
      }),
      finalize(() => {
        unsubscribed.abort();
      }),
    );
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof OpenAI.APIError && REQUEST_REFUSED.has(error.status);
}

/** Content is what the provider stage takes for it: text, shown thought, a part of a tool call. */
function contentLength(chunk: ChatCompletionChunk): number {
  const { text = '', reasoning = '' } = readChunk(chunk) ?? {};
  return text.length + reasoning.length;
}

/** What of a chunk is for the client. */
function textOf({ choices: [choice] }: ChatCompletionChunk): string {
  return choice?.delta.content ?? choice?.delta.refusal ?? '';
}
