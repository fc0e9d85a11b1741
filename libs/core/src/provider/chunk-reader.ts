/** What a provider says that a call has used so far; what it does not say is left out, and 0 means 0. */
export interface TokenUsage {
  /** Tokens of the request, those from the provider's cache included. */
  readonly inputTokens?: number | undefined;
  /** Tokens of the answer, those of reasoning included. */
  readonly outputTokens?: number | undefined;
  /** Of the input tokens, those that the provider had in its cache. */
  readonly cachedInputTokens?: number | undefined;
  /** Of the output tokens, those that the model thought with. */
  readonly reasoningTokens?: number | undefined;
}

/** What one chunk of an answer, or a whole answer, says. Empty text is no content. */
export interface ChunkContent {
  /** What was produced: the answer, and the names and arguments of tool calls. */
  readonly text?: string | undefined;
  /** Thought that the provider shows. */
  readonly reasoning?: string | undefined;
  /** Everything used so far, not the difference to the chunk before. */
  readonly usage?: TokenUsage | undefined;
  /** Why the model stopped, in the provider's words. */
  readonly finishReason?: string | undefined;
  /** The model that answered. */
  readonly model?: string | undefined;
}

/**
 * Reads one chunk of a provider's answer, or a whole answer. Undefined for what says nothing. What it throws is counted
 * and stays here.
 */
export type ChunkReader = (chunk: unknown) => ChunkContent | undefined;
