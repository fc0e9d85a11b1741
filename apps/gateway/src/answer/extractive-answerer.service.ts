import { Injectable, Logger } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { defer, type Observable, tap } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { composeAnswer } from './compose-answer.js';
import { pacedWords } from './paced-words.js';
import type { Prompt } from './prompt.js';
import { wordCount } from './sentences.js';

/** Quoting costs nothing. That is said, because a cost that is not said is unknown. */
const PROVIDER = { provider: 'embedded', model: 'extractive', tokenCost: 0, apiCost: 0 };

/**
 * The built-in answerer: quotes instead of writing, so that it needs neither a model nor an account. It stands where
 * a language model would, and streams as one does.
 */
@Injectable()
export class ExtractiveAnswerer {
  readonly #logger = new Logger('Answerer');

  constructor(
    private readonly config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {}

  /** The answer word by word, as a call of the provider `embedded`, whose tokens are words. */
  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  answer(prompt: Prompt): Observable<string> {
    return defer(() => {
      let words = 0;
      const report = (): void => {
        this.tracker.setAttribute('words', words);
        this.tracker.setAttribute('outputTokens', words);
        this.#logger.debug(`Streamed ${words} words`);
      };
      const known = { ...PROVIDER, inputTokens: wordsOf(prompt) };
      for (const [key, value] of Object.entries(known)) this.tracker.setAttribute(key, value);
      return pacedWords(composeAnswer(prompt, this.config.answerMaxWords)).pipe(
        tap({ next: () => (words += 1), complete: report, unsubscribe: report }),
      );
    });
  }
}

/** What the answerer has to read. */
function wordsOf({ question, passages }: Prompt): number {
  return passages.reduce((sum, { text }) => sum + wordCount(text), wordCount(question));
}
