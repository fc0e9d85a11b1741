import type { Prompt } from './prompt.js';
import { rankSentences, type RankedSentence } from './rank-sentences.js';
import { sentencesOf, wordCount } from './sentences.js';

const NOTHING_FOUND = 'Nothing in this corpus matches the question.';

/**
 * The answer in the words of the passages: the best sentences up to `maxWords`, passage by passage in the order in
 * which they stand there, each passage followed by its number. At least one sentence, however long.
 */
export function composeAnswer(prompt: Prompt, maxWords: number): string {
  const ranked = rankSentences(prompt);
  const chosen = withinWords(ranked.length > 0 ? ranked : openingSentences(prompt), maxWords);
  if (chosen.length === 0) return NOTHING_FOUND;
  return prompt.passages
    .map(({ number, text }) => {
      const wanted = new Set(
        chosen.filter(({ passage }) => passage === number).map((sentence) => sentence.text),
      );
      if (wanted.size === 0) return '';
      return [...new Set(sentencesOf(text).filter((sentence) => wanted.has(sentence))), `[${number}]`].join(
        ' ',
      );
    })
    .filter((part) => part !== '')
    .join(' ');
}

/** Where only headings or package names match, how the passages begin is the best there is. */
function openingSentences({ passages }: Prompt): RankedSentence[] {
  return passages.flatMap(({ number, relevance, text }) =>
    sentencesOf(text)
      .slice(0, 1)
      .map((sentence) => ({ text: sentence, passage: number, score: relevance })),
  );
}

function withinWords(ranked: readonly RankedSentence[], maxWords: number): RankedSentence[] {
  const chosen: RankedSentence[] = [];
  let words = 0;
  for (const sentence of ranked) {
    words += wordCount(sentence.text);
    if (chosen.length > 0 && words > maxWords) break;
    chosen.push(sentence);
  }
  return chosen;
}
