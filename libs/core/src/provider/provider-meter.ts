import type { Stage } from '../stage.js';
import type { AttributeValue, Outcome } from '../stage-execution.js';
import { CapturedContent } from './captured-content.js';
import type { ChunkContent, TokenUsage } from './chunk-reader.js';
import { ContentTiming } from './content-timing.js';
import { countOf } from './loose.js';
import { promptText } from './prompt-text.js';
import type { ProviderCall } from './provider-call.js';
import type { Cost, ProviderSupport } from './provider-support.js';
import { readChunk } from './read-chunk.js';
import type { StageListener } from './stage-listener.js';
import { TokenTally } from './token-tally.js';

/** Where the token counts of a stage are from. */
export type UsageSource = 'provider' | 'estimated' | 'unknown';

/**
 * Measures one call to a provider and writes down, when its stage ends in whatever way, what it brought and cost.
 * What a provider says goes before any estimate, said twice counts once, and what nobody knows is left out.
 */
export class ProviderMeter implements StageListener {
  readonly #stage: Stage;
  readonly #call: ProviderCall;
  readonly #support: ProviderSupport;
  readonly #timing: ContentTiming;
  readonly #tally: TokenTally | undefined;
  readonly #answer: CapturedContent | undefined;
  #isStreamed = false;
  #hasHiddenReasoning = true;
  #usage: TokenUsage | undefined;
  #finishReason: string | undefined;
  #responseModel: string | undefined;

  constructor(stage: Stage, call: ProviderCall) {
    const { provider: support = {}, limits } = stage.trace.recorder;
    this.#stage = stage;
    this.#call = call;
    this.#support = support;
    this.#timing = new ContentTiming(stage);
    if (support.countTokens !== undefined) this.#tally = new TokenTally(support.countTokens);
    if (support.captureContent === true) this.#answer = new CapturedContent(limits.contentLength);
    const { provider, model, operation = 'chat' } = call;
    stage.setAttributes({ provider, ...(model !== undefined && { model }), operation });
    this.#guarded('provider prepare', () => support.prepare?.());
  }

  chunk(value: unknown): void {
    this.#isStreamed = true;
    const said = this.#read(value);
    if (said !== undefined && hasContent(said)) this.#timing.content();
  }

  value(value: unknown): void {
    this.#read(value);
  }

  ends(outcome: Outcome): Outcome {
    this.#guarded('provider figures', () => {
      if (this.#isStreamed) this.#stage.setAttributes(this.#timing.attributes());
      this.#set('responseModel', this.#responseModel);
      this.#set('finishReason', this.#finishReason);
      if (this.#call.model === undefined) this.#set('model', this.#responseModel);
    });
    this.#guarded('provider usage', () => {
      this.#recordUsage();
    });
    this.#guarded('provider content', () => {
      this.#recordContent();
    });
    return outcome === 'ok' && this.#wasBrokenOff ? 'cancelled' : outcome;
  }

  /** SDKs end a stream that was aborted as if it were complete; but the model has not said why it stopped. */
  get #wasBrokenOff(): boolean {
    if (this.#finishReason !== undefined) return false;
    const saysWhy = this.#call.reader === undefined && this.#responseModel !== undefined;
    return (this.#isStreamed && saysWhy) || this.#stage.trace.windDown !== undefined;
  }

  #read(value: unknown): ChunkContent | undefined {
    const said = this.#guarded('provider reader', () => (this.#call.reader ?? readChunk)(value));
    if (said === undefined) return undefined;
    const { text = '', reasoning = '' } = said;
    if (said.usage !== undefined) this.#usage = laterUsage(this.#usage, said.usage);
    this.#finishReason = said.finishReason ?? this.#finishReason;
    this.#responseModel = said.model ?? this.#responseModel;
    this.#tally?.add(reasoning + text);
    this.#answer?.add(text);
    if (reasoning !== '') this.#hasHiddenReasoning = false;
    return said;
  }

  #recordUsage(): void {
    const said = isSaid(this.#usage) ? this.#usage : undefined;
    const usage = said ?? this.#estimate();
    const source: UsageSource = said
      ? 'provider'
      : usage.outputTokens === undefined
        ? 'unknown'
        : 'estimated';
    this.#set('usageSource', source);
    for (const [name, tokens] of Object.entries(usage)) this.#set(name, tokens as number | undefined);
    const { outputTokens, reasoningTokens = 0 } = usage;
    if (outputTokens !== undefined) {
      // Tokens that were thought in silence came before the first content.
      const streamed = outputTokens - (this.#hasHiddenReasoning ? reasoningTokens : 0);
      this.#set('tokensPerSecond', this.#isStreamed ? this.#timing.tokensPerSecond(streamed) : undefined);
    }
    const cost = this.#costOf(usage);
    this.#set('tokenCost', cost?.tokenCost);
    this.#set('apiCost', cost?.apiCost);
    this.#set('costCurrency', cost?.currency);
    this.#set('costSource', cost?.source);
    this.#set('costDate', cost?.date);
    if (this.#stage.trace.windDown === undefined) return;
    this.#set('abandonedTokens', outputTokens);
    this.#set('abandonedCost', cost?.totalCost);
  }

  /** Nothing came: then nobody knows what was used, not even that it was nothing. */
  #estimate(): TokenUsage {
    const outputTokens = this.#tally?.total();
    const { prompt } = this.#call;
    if (outputTokens === undefined || prompt === undefined) return { outputTokens };
    const { text, extraTokens } = promptText(prompt);
    const inputTokens = this.#support.countTokens?.(text);
    return { outputTokens, inputTokens: inputTokens === undefined ? undefined : inputTokens + extraTokens };
  }

  #costOf(usage: TokenUsage): Cost | undefined {
    const { inputTokens, outputTokens } = usage;
    const { costOf } = this.#support;
    if (costOf === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
    const models = [this.#responseModel, this.#call.model].filter((model) => model !== undefined);
    const cost = costOf({
      provider: this.#call.provider,
      models: [...new Set(models)],
      at: this.#stage.startedAt,
      usage: { ...usage, inputTokens, outputTokens },
    });
    if (cost === undefined) this.#stage.trace.recorder.drops.unpricedCalls += 1;
    return cost;
  }

  #recordContent(): void {
    if (this.#answer === undefined) return;
    const { redact = (text: string) => text } = this.#support;
    const { contentLength } = this.#stage.trace.recorder.limits;
    if (this.#call.prompt !== undefined) {
      const prompt = new CapturedContent(contentLength);
      prompt.add(promptText(this.#call.prompt).text);
      this.#stage.setContent('prompt', prompt.redacted(redact));
    }
    this.#stage.setContent('answer', this.#answer.redacted(redact));
  }

  #set(name: string, value: AttributeValue | undefined): void {
    if (value !== undefined) this.#stage.setAttribute(name, value);
  }

  #guarded<T>(place: string, work: () => T): T | undefined {
    return this.#stage.trace.recorder.attempt(place, work);
  }
}

/** Each count as it was said last: some providers say those of the request first and those of the answer at the end. */
function laterUsage(earlier: TokenUsage | undefined, later: TokenUsage): TokenUsage {
  return {
    inputTokens: countOf(later.inputTokens) ?? earlier?.inputTokens,
    outputTokens: countOf(later.outputTokens) ?? earlier?.outputTokens,
    cachedInputTokens: countOf(later.cachedInputTokens) ?? earlier?.cachedInputTokens,
    reasoningTokens: countOf(later.reasoningTokens) ?? earlier?.reasoningTokens,
  };
}

function isSaid(usage: TokenUsage | undefined): boolean {
  return usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
}

function hasContent({ text = '', reasoning = '' }: ChunkContent): boolean {
  return text !== '' || reasoning !== '';
}
