import { Injectable, Logger } from '@nestjs/common';
import { ExecutionTracker, TrackStage } from '@followspot/nestjs';
import { defer, type Observable, tap } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { composeAnswer } from './compose-answer.js';
import { pacedWords } from './paced-words.js';
import type { Prompt } from './prompt.js';

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

  /** The answer word by word. */
  @TrackStage('5.0_LLM_STREAMING', { kind: 'provider' })
  answer(prompt: Prompt): Observable<string> {
    return defer(() => {
      let words = 0;
      const report = (): void => {
        this.tracker.setAttribute('words', words);
        this.#logger.debug(`Streamed ${words} words`);
      };
      this.tracker.setAttribute('provider', 'extractive');
      return pacedWords(composeAnswer(prompt, this.config.answerMaxWords)).pipe(
        tap({ next: () => (words += 1), complete: report, unsubscribe: report }),
      );
    });
  }
}
