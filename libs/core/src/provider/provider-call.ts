import type { ChunkReader } from './chunk-reader.js';

/** The text that a call sends, in one piece or as messages whose `content` is text or a list of parts with `text`. */
export type Prompt = string | readonly (string | object)[];

/** What is known of a call to a provider before it is made. */
export interface ProviderCall {
  /**
   * Who is called, best in the words of OpenTelemetry's `gen_ai.provider.name`: `openai`, `anthropic`, `aws.bedrock`,
   * `azure.ai.openai`, `gcp.gemini`, `mistral_ai`, `groq`, `deepseek`, or a name of your own such as `vllm`. Prices are
   * looked up by it, and it is a label of the metrics, so it must come from a closed set.
   */
  readonly provider: string;
  /** The model that is asked for. Default: the model that answers. */
  readonly model?: string | undefined;
  /** In the words of `gen_ai.operation.name`. Default `chat`. */
  readonly operation?: string | undefined;
  /**
   * What is sent. Only used to estimate the input tokens of a call whose provider does not say them (it was aborted, or
   * does not count), and recorded only with `captureContent`. Default none: such input tokens are unknown.
   */
  readonly prompt?: Prompt | undefined;
  /** Reads the chunks. Default: OpenAI's chat completions and responses, and plain strings. */
  readonly reader?: ChunkReader | undefined;
}

/** Why a call cannot be declared like this; undefined when it can. */
export function providerCallProblem(call: unknown): string | undefined {
  const { provider, model, operation, reader } = (call ?? {}) as Partial<Record<keyof ProviderCall, unknown>>;
  if (typeof provider !== 'string' || provider === '') {
    return `provider.provider must be the name of a provider, got ${String(provider)}`;
  }
  for (const [name, value] of Object.entries({ model, operation })) {
    if (value !== undefined && typeof value !== 'string') {
      return `provider.${name} must be a string, got ${typeof value}`;
    }
  }
  return reader === undefined || typeof reader === 'function'
    ? undefined
    : 'provider.reader must be a function';
}
