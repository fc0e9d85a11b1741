import type { Observable } from 'rxjs';
import type { Prompt } from './prompt.js';

/** The stage of one call to one of the answerers. */
export const ATTEMPT_STAGE = '5.1_PROVIDER_ATTEMPT';

/** Who has answered, in the words of the provider stages. */
export interface AnsweredBy {
  readonly provider: string;
  readonly model: string;
}

/** The answerer that is always there. */
export const EMBEDDED_PROVIDER: AnsweredBy = { provider: 'embedded', model: 'extractive' };

/** What answers a prompt: a model, or what stands in for one. */
export interface Answerer {
  readonly by: AnsweredBy;
  /**
   * The answer by pieces, as a stage of kind `provider`. Whoever unsubscribes stops the work. An answer that fails, or
   * that has no text at all, is an error.
   * @param attempt Which choice it is, from 1.
   */
  answer(prompt: Prompt, attempt: number): Observable<string>;
}
