import { Injectable } from '@nestjs/common';
import { TrackStage } from '@followspot/nestjs';
import type { RetrievedSection } from '../corpus/section.js';
import { plainTextOf } from './plain-text.js';
import type { Prompt } from './prompt.js';

@Injectable()
export class PromptService {
  /** Numbers what was found and strips it to prose. */
  @TrackStage('4.0_PROMPT_BUILD', {
    attributes: ({ passages }: Prompt) => ({
      passages: passages.length,
      characters: passages.reduce((sum, { text }) => sum + text.length, 0),
    }),
  })
  build(question: string, sections: readonly RetrievedSection[]): Prompt {
    const best = sections[0]?.score ?? 1;
    const passages = sections.map(({ heading, text, score }, index) => ({
      number: index + 1,
      relevance: score / best,
      heading,
      text: plainTextOf(text),
    }));
    return { question, passages };
  }
}
