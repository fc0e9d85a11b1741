import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of Markdown that a test searches. */
export interface Corpus extends AsyncDisposable {
  readonly folder: string;
}

const LIGHTS = `# Lights

A followspot is the stage light that keeps one performer lit wherever they move. It needs an operator.

## Dimmers

A dimmer changes how bright a lamp is. Every dimmer heats up.
`;

/** A question that {@link smallCorpus} and {@link longCorpus} answer. */
export const QUESTION = 'What is a followspot?';

/** Two sections; answers of a sentence or two. */
export function smallCorpus(): Promise<Corpus> {
  return corpusOf({ 'lights.md': LIGHTS });
}

/**
 * One section of so many sentences that its answer streams for seconds: long enough to hang up, to send a signal or
 * to look at it while it runs. Together with {@link LONG_ANSWERS}.
 */
export function longCorpus(sentenceCount = 10_000): Promise<Corpus> {
  const sentences = Array.from(
    { length: sentenceCount },
    (_, index) => `Scene ${index + 1} of the evening asks that the followspot stays on the singer.`,
  );
  return corpusOf({ 'scenes.md': `# Followspot cues\n\n${sentences.join('\n')}\n` });
}

/** The environment in which an answer may be as long as the corpus. */
export const LONG_ANSWERS = { ANSWER_MAX_WORDS: '1000000' };

export async function corpusOf(files: Readonly<Record<string, string>>): Promise<Corpus> {
  const folder = await mkdtemp(join(tmpdir(), 'followspot-corpus-'));
  for (const [name, markdown] of Object.entries(files)) await writeFile(join(folder, name), markdown);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
