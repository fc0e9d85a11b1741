import { Injectable } from '@nestjs/common';
import { type ChunkReader, ExecutionTracker, type TokenUsage } from '@followspot/nestjs';
import { defer, map, type Observable } from 'rxjs';
import { GatewayConfig } from '../config/gateway-config.js';
import { type Answerer, ATTEMPT_STAGE, EMBEDDED_PROVIDER } from './answerer.js';
import { composeAnswer } from './compose-answer.js';
import { pacedWords } from './paced-words.js';
import type { Prompt } from './prompt.js';
import { wordCount } from './sentences.js';

/** A word, and what has been used up to it: the tokens of this answerer are words. */
interface Quoted {
  readonly text: string;
  readonly usage: TokenUsage;
}

const readQuoted: ChunkReader = (chunk) => chunk as Quoted;

/**
 * The built-in answerer: quotes instead of writing, so that it needs neither a model nor an account. It stands where
 * a language model would, streams as one does, and is the last resort where there is one.
 */
@Injectable()
export class ExtractiveAnswerer implements Answerer {
  readonly by = EMBEDDED_PROVIDER;

  constructor(
    private readonly config: GatewayConfig,
    private readonly tracker: ExecutionTracker,
  ) {}

  answer(prompt: Prompt, attempt: number): Observable<string> {
    const call = { ...this.by, stageId: ATTEMPT_STAGE, reader: readQuoted };
    return this.tracker
      .trackProvider(call, () => defer(() => this.#quoted(prompt, attempt)))
      .pipe(map(({ text }) => text));
  }

  #quoted(prompt: Prompt, attempt: number): Observable<Quoted> {
    this.tracker.setAttribute('attempt', attempt);
    const inputTokens = wordsOf(prompt);
    return pacedWords(composeAnswer(prompt, this.config.answerMaxWords)).pipe(
      map((text, index) => ({ text, usage: { inputTokens, outputTokens: index + 1 } })),
    );
  }
}

/** What the answerer has to read. */
function wordsOf({ question, passages }: Prompt): number {
  return passages.reduce((sum, { text }) => sum + wordCount(text), wordCount(question));
}
