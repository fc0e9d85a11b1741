import { Injectable, Logger } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { catchError, defer, map, type Observable, tap } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import type { AnsweredBy, Answerer } from './answerer.js';
import { ExtractiveAnswerer } from './extractive-answerer.service.js';
import { OpenAiAnswerer } from './openai-answerer.js';
import type { Prompt } from './prompt.js';
import { CircuitOpen, UpstreamError } from './upstream-error.js';

/** A piece of an answer. All pieces of one answer are by the same. */
export interface AnswerPart {
  readonly text: string;
  readonly by: AnsweredBy;
}

/**
 * Asks the models that are configured, one after the other, and in the end the embedded answerer. The next one is asked
 * only as long as nothing of an answer is out: half an answer of one and half of another would be none.
 */
@Injectable()
export class AnswerService {
  readonly #logger = new Logger('Answerer');
  readonly #first: Answerer;
  readonly #others: readonly Answerer[];

  constructor(
    config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
    embedded: ExtractiveAnswerer,
  ) {
    const models = config.endpoints.map((endpoint) => new OpenAiAnswerer(endpoint, config, tracker));
    const [first = embedded, ...others] = [...models, ...(models.length > 0 ? [embedded] : [])];
    this.#first = first;
    this.#others = others;
    this.#logger.log(
      models.length === 0
        ? 'OPENAI_MODEL is not set: answers are quoted, and no model is asked'
        : `Answers are by ${[first, ...others].map(nameOf).join(', then ')}`,
    );
  }

  /** Who is asked first, the same object as in the parts of an answer. */
  get firstChoice(): AnsweredBy {
    return this.#first.by;
  }

  /** The answer by pieces. After the first piece it fails with an {@link UpstreamError}. */
  @TrackStage('5.0_LLM_STREAMING')
  answer(prompt: Prompt): Observable<AnswerPart> {
    return this.#answered(prompt, this.#first, this.#others);
  }

  #answered(prompt: Prompt, answerer: Answerer, others: readonly Answerer[]): Observable<AnswerPart> {
    const { by } = answerer;
    const attempt = this.#others.length - others.length + 1;
    return defer(() => {
      let hasBegun = false;
      return answerer.answer(prompt, attempt).pipe(
        tap(() => {
          if (!hasBegun) this.#begun(answerer);
          hasBegun = true;
        }),
        map((text) => ({ text, by })),
        catchError((error: unknown) => {
          if (hasBegun) throw new UpstreamError(by, error);
          if (error instanceof CircuitOpen) this.#skipped(by, attempt);
          const [next, ...rest] = others;
          if (next === undefined || this.tracker.signal.aborted) throw error;
          return this.#answered(prompt, next, rest);
        }),
      );
    });
  }

  #begun(answerer: Answerer): void {
    const answeredBy = nameOf(answerer);
    this.tracker.setAttribute('answeredBy', answeredBy);
    this.tracker.setAttribute('failover', answerer !== this.#first);
    this.#logger.debug(`Answered by ${answeredBy}`);
  }

  /** No call was made, so there is no provider stage; that one was left out is to be seen and counted all the same. */
  #skipped(by: AnsweredBy, attempt: number): void {
    this.tracker.trackStage('5.2_SKIPPED_ATTEMPT', () => by, {
      attributes: () => ({ ...by, attempt, circuit: 'open' }),
    });
  }
}

function nameOf({ by: { provider, model } }: Answerer): string {
  return `${provider} ${model}`;
}
