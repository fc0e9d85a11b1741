import type { ChunkContent, TokenUsage } from './chunk-reader.js';
import { countOf } from './loose.js';
import { promptText } from './prompt-text.js';
import type { Prompt } from './provider-call.js';
import { TokenTally } from './token-tally.js';

/** Where the token counts of a stage are from: `estimated` when one of them is. */
export type UsageSource = 'provider' | 'estimated' | 'unknown';

/** What is known of a call when it has ended. */
export interface CallEnd {
  /** Whether the answer came to its end, so that what was said of it last is the last word. */
  readonly isFinished: boolean;
  /** Whether the prompt has reached the provider, as far as that can be told. */
  readonly wasSent: boolean;
  readonly prompt: Prompt | undefined;
  /** Counts that the application says. They are right. */
  readonly byHand: TokenUsage;
}

/**
 * Finds out how many tokens a call has used: each count from whoever knows it best. What is said while an answer is
 * still coming is what it has come to so far, sometimes only a placeholder; it is the least that it may be.
 */
export class CallUsage {
  readonly #countTokens: ((text: string) => number | undefined) | undefined;
  readonly #tally: TokenTally | undefined;
  #said: TokenUsage = {};
  /** Whether content has come since the provider last said how much it was. */
  #isBehind = false;

  /** @param countTokens Estimates; undefined where nothing can. */
  constructor(countTokens: ((text: string) => number | undefined) | undefined) {
    this.#countTokens = countTokens;
    if (countTokens !== undefined) this.#tally = new TokenTally(countTokens);
  }

  /** A chunk of the answer, or all of it. */
  add({ text = '', reasoning = '', usage = {} }: ChunkContent): void {
    this.#tally?.add(reasoning + text);
    if (countOf(usage.outputTokens) !== undefined) this.#isBehind = false;
    else if (text !== '' || reasoning !== '') this.#isBehind = true;
    this.#said = laterUsage(this.#said, usage);
  }

  /** What the call has used; what nobody knows is left out. */
  at(end: CallEnd): { readonly usage: TokenUsage; readonly source: UsageSource } {
    const said = laterUsage(this.#said, end.byHand);
    const isFinal = end.byHand.outputTokens !== undefined || (end.isFinished && !this.#isBehind);
    const outputTokens = isFinal && said.outputTokens !== undefined ? said.outputTokens : this.#produced();
    const inputTokens = said.inputTokens ?? (end.wasSent ? this.#ofPrompt(end.prompt) : undefined);
    const usage = { ...said, inputTokens, outputTokens };
    if (inputTokens === undefined && outputTokens === undefined) return { usage, source: 'unknown' };
    const isSaid = (name: 'inputTokens' | 'outputTokens'): boolean =>
      usage[name] === undefined || usage[name] === said[name];
    return { usage, source: isSaid('inputTokens') && isSaid('outputTokens') ? 'provider' : 'estimated' };
  }

  /** Where nothing came and nothing was said nobody knows, not even that it was nothing. */
  #produced(): number | undefined {
    const said = this.#said.outputTokens;
    const estimate = this.#tally?.total();
    if (estimate !== undefined) return Math.max(said ?? 0, estimate);
    return this.#isBehind ? undefined : said;
  }

  #ofPrompt(prompt: Prompt | undefined): number | undefined {
    if (prompt === undefined) return undefined;
    const { text, extraTokens } = promptText(prompt);
    const tokens = this.#countTokens?.(text);
    return tokens === undefined ? undefined : tokens + extraTokens;
  }
}

/** Each count as it was said last: some providers say those of the request first and those of the answer at the end. */
function laterUsage(earlier: TokenUsage, later: TokenUsage): TokenUsage {
  return {
    inputTokens: countOf(later.inputTokens) ?? earlier.inputTokens,
    outputTokens: countOf(later.outputTokens) ?? earlier.outputTokens,
    cachedInputTokens: countOf(later.cachedInputTokens) ?? earlier.cachedInputTokens,
    reasoningTokens: countOf(later.reasoningTokens) ?? earlier.reasoningTokens,
  };
}
