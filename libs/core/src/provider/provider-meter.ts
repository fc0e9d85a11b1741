import type { Stage } from '../stage/stage.js';
import type { Attributes, AttributeValue, Outcome } from '../stage/stage-execution.js';
import { CallUsage } from './call-usage.js';
import { CapturedContent } from './captured-content.js';
import type { ChunkContent, TokenUsage } from './chunk-reader.js';
import { ContentTiming } from './content-timing.js';
import { wasGivenUp } from './given-up.js';
import { stringOf } from './loose.js';
import { promptText } from './prompt-text.js';
import type { ProviderCall } from './provider-call.js';
import type { Cost, ProviderSupport } from './provider-support.js';
import { readChunk } from './read-chunk.js';
import type { StageListener } from '../stage/stage-listener.js';

/** A call of which the provider may be unknown: a stage that only says that it is one. */
export type MeasuredCall = Omit<ProviderCall, 'provider'> & Partial<Pick<ProviderCall, 'provider'>>;

/**
 * Measures one call to a provider and writes down, when its stage ends in whatever way, what it brought and cost. The
 * application's word goes first: no attribute that is there is set again. What a provider says goes before any
 * estimate, said twice counts once, and what nobody knows is left out.
 */
export class ProviderMeter implements StageListener {
  readonly #stage: Stage;
  readonly #call: MeasuredCall;
  readonly #support: ProviderSupport;
  readonly #timing: ContentTiming;
  readonly #usage: CallUsage;
  readonly #answer: CapturedContent | undefined;
  #isStreamed = false;
  #isUnderstood = false;
  #hasHiddenReasoning = true;
  #finishReason: string | undefined;
  #responseModel: string | undefined;

  constructor(stage: Stage, call: MeasuredCall) {
    const { provider: support = {}, limits } = stage.trace.recorder;
    this.#stage = stage;
    this.#call = call;
    this.#support = support;
    this.#timing = new ContentTiming(stage);
    this.#usage = new CallUsage(support.countTokens);
    if (support.captureContent === true) this.#answer = new CapturedContent(limits.contentLength);
    const { provider, model, operation = 'chat' } = call;
    if (provider !== undefined) {
      stage.setAttributes({ provider, ...(model !== undefined && { model }), operation });
    }
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

  ends(given: Outcome): Outcome {
    const outcome = given === 'ok' && this.#wasBrokenOff ? 'cancelled' : given;
    this.#guarded('provider figures', () => {
      this.#recordFigures();
    });
    this.#guarded('provider usage', () => {
      this.#recordUsage(outcome);
    });
    this.#guarded('provider content', () => {
      this.#recordContent();
    });
    this.#timing.tellGaps();
    return outcome;
  }

  /** SDKs end a stream that was aborted as if it were complete; but the model has not said why it stopped. */
  get #wasBrokenOff(): boolean {
    if (this.#hasFinished) return false;
    const saysWhy = this.#call.reader === undefined && this.#responseModel !== undefined;
    return (this.#isStreamed && saysWhy) || this.#stage.trace.windDown !== undefined;
  }

  /** Whether it is known why the model stopped. */
  get #hasFinished(): boolean {
    return this.#finishReason !== undefined || this.#isSaid('finishReason');
  }

  #read(value: unknown): ChunkContent | undefined {
    const said = this.#guarded('provider reader', () => (this.#call.reader ?? readChunk)(value));
    if (said === undefined) return undefined;
    const { text = '', reasoning = '' } = said;
    this.#isUnderstood = true;
    this.#finishReason = said.finishReason ?? this.#finishReason;
    this.#responseModel = said.model ?? this.#responseModel;
    this.#usage.add(said);
    this.#answer?.add(text);
    if (reasoning !== '') this.#hasHiddenReasoning = false;
    return said;
  }

  #recordFigures(): void {
    // Chunks of a shape that nobody can read are not 0 chunks with content.
    if (this.#isStreamed && (this.#isUnderstood || this.#call.reader !== undefined)) {
      this.#setAll(this.#timing.attributes());
    }
    this.#set('responseModel', this.#responseModel);
    this.#set('finishReason', this.#finishReason);
    this.#set('model', this.#responseModel);
  }

  #recordUsage(outcome: Outcome): void {
    const { usage, source } = this.#usage.at({
      isFinished: outcome === 'ok' || this.#hasFinished,
      wasSent: this.#isUnderstood || outcome === 'cancelled' || wasGivenUp(this.#stage),
      prompt: this.#call.prompt,
      byHand: this.#stage.attributes,
    });
    this.#set('usageSource', source);
    this.#setAll(usage as Attributes);
    const { outputTokens, reasoningTokens = 0 } = usage;
    if (outputTokens !== undefined && this.#isStreamed) {
      // Tokens that were thought in silence came before the first content.
      const streamed = outputTokens - (this.#hasHiddenReasoning ? reasoningTokens : 0);
      this.#set('tokensPerSecond', this.#timing.tokensPerSecond(streamed));
    }
    const isAbandoned = this.#stage.trace.windDown !== undefined;
    if (isAbandoned) this.#set('abandonedTokens', outputTokens);
    const { tokenCost, apiCost } = this.#stage.attributes;
    if (tokenCost !== undefined || apiCost !== undefined) return;
    const cost = this.#costOf(usage);
    this.#set('tokenCost', cost?.tokenCost);
    this.#set('apiCost', cost?.apiCost);
    this.#set('costCurrency', cost?.currency);
    this.#set('costSource', cost?.source);
    this.#set('costDate', cost?.date);
    if (isAbandoned) this.#set('abandonedCost', cost?.totalCost);
  }

  #costOf(usage: TokenUsage): Cost | undefined {
    const { inputTokens, outputTokens } = usage;
    const { costOf } = this.#support;
    if (costOf === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
    const { attributes, startedAt, trace } = this.#stage;
    const provider = stringOf(attributes['provider']) ?? this.#call.provider;
    const models = [
      stringOf(attributes['responseModel']) ?? this.#responseModel,
      stringOf(attributes['model']) ?? this.#call.model,
    ].filter((model) => model !== undefined);
    const priced = {
      models: [...new Set(models)],
      at: startedAt,
      usage: { ...usage, inputTokens, outputTokens },
    };
    const cost = provider === undefined ? undefined : costOf({ provider, ...priced });
    if (cost === undefined) trace.recorder.drops.unpricedCalls += 1;
    return cost;
  }

  #recordContent(): void {
    if (this.#answer === undefined) return;
    const { redact = (text: string) => text } = this.#support;
    const { contentLength } = this.#stage.trace.recorder.limits;
    if (this.#call.prompt !== undefined) {
      const prompt = new CapturedContent(contentLength);
      prompt.add(promptText(this.#call.prompt).text);
      this.#setContent('prompt', prompt.redacted(redact));
    }
    this.#setContent('answer', this.#answer.redacted(redact));
  }

  #setAll(attributes: Readonly<Record<string, AttributeValue | undefined>>): void {
    for (const [name, value] of Object.entries(attributes)) this.#set(name, value);
  }

  #set(name: string, value: AttributeValue | undefined): void {
    if (value !== undefined && !this.#isSaid(name)) this.#stage.setAttribute(name, value);
  }

  #setContent(name: string, text: string | undefined): void {
    if (!this.#isSaid(name)) this.#stage.setContent(name, text);
  }

  /** Whether the application has said it, or it was known from the start. */
  #isSaid(name: string): boolean {
    return Object.hasOwn(this.#stage.attributes, name);
  }

  #guarded<T>(place: string, work: () => T): T | undefined {
    return this.#stage.trace.recorder.attempt(place, work);
  }
}

function hasContent({ text = '', reasoning = '' }: ChunkContent): boolean {
  return text !== '' || reasoning !== '';
}
