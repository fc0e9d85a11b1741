const MIN_WORDS = 4;
/** What has no full stop for longer than this is a table or minified text. */
const MAX_WORDS = 80;

/** The sentences of plain text that has a line per paragraph; fragments and endless ones are left out. */
export function sentencesOf(plainText: string): string[] {
  return plainText
    .split('\n')
    .flatMap((paragraph) =>
      paragraph.split(/(?<=[.!?][)"'`]?)(?<!\b(?:e\.g|i\.e|etc|vs|cf)\.)\s+(?=[\p{Lu}\p{N}`"'(@])/u),
    )
    .map((sentence) => sentence.trim())
    .filter((sentence) => {
      const words = wordCount(sentence);
      return words >= MIN_WORDS && words <= MAX_WORDS;
    });
}

/** Words as a reader counts them. */
export function wordCount(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
