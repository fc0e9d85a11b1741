/** Tokens of a text, about. */
export type CountTokens = (text: string) => number;

/**
 * Characters that are counted at once. Every tokenizer we tried takes a time that grows with the square of a text
 * without word boundaries (64 KB of dots: 16 seconds), and this is where an application answers requests.
 */
const PIECE_LENGTH = 256;

/** Of a longer text the beginning stands for the whole. */
const SAMPLE_LENGTH = 65_536;

/**
 * The tokenizer of the package `gpt-tokenizer`, with the encoding of OpenAI's models since GPT-4o. Other models cut
 * their text differently; an estimate it is in any case.
 * @throws when the package is not installed.
 */
export async function loadTokenizer(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // What looks like a special token is text that somebody wrote.
  const asText = { disallowedSpecial: new Set<string>() };
  return (text) => {
    const sample = text.slice(0, SAMPLE_LENGTH);
    let tokens = 0;
    for (const piece of piecesOf(sample)) tokens += countTokens(piece, asText);
    return Math.round((tokens * text.length) / Math.max(sample.length, 1));
  };
}

/** Cut before a space where there is one: hardly a token reaches over it. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0, end: number; start < text.length; start = end) {
    end = start + PIECE_LENGTH;
    const space = end < text.length ? text.lastIndexOf(' ', end) : -1;
    if (space > start) end = space;
    yield text.slice(start, end);
  }
}
