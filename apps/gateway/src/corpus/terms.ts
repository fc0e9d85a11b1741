/** Words that say nothing about what a text is about. */
const STOP_WORDS = new Set(
  (
    'a about an and any are as at be been but by can could did do does for from get had has have how i if in into is ' +
    'it its me my no not of on or our should so such than that the their them then there these they this to use used ' +
    'using was we were what when where which while who why will with would you your'
  ).split(' '),
);

/** The terms of a text: words in lower case, without stop words, plurals as singulars. */
export function termsOf(text: string): string[] {
  return wordsOf(text)
    .map(termOf)
    .filter((term) => term !== undefined);
}

/** Runs of letters, digits and underscores. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** The term of a word; undefined for a stop word. */
export function termOf(word: string): string | undefined {
  const lower = word.toLowerCase();
  if (STOP_WORDS.has(lower)) return undefined;
  return lower.length > 3 && lower.endsWith('s') && !/(?:ss|us|is)$/.test(lower) ? lower.slice(0, -1) : lower;
}
