import { describe, expect, it } from '@jest/globals';
import { sentencesOf } from './sentences.js';

describe('sentencesOf', () => {
  it.each([
    ['One is a sentence. Two is another one! Is three one too?', 3],
    ['It reads v1.2.3 of package.json files here.', 1],
    ['Some words, e.g. Express or Fastify, are names.', 1],
    ['He said "this is it." Then he went away.', 2],
    ['A line without a stop\nAnother line without one', 2],
    ['Call `run()` when it starts. `stop()` ends it again.', 2],
  ])('finds the sentences of "%s"', (text, count) => {
    expect(sentencesOf(text)).toHaveLength(count);
  });

  it('leaves out fragments and what never ends', () => {
    expect(sentencesOf('Too short.\nAlso this one\nThis is long enough.')).toEqual(['This is long enough.']);
    expect(sentencesOf('word '.repeat(81))).toEqual([]);
  });
});
