import { describe, expect, it } from '@jest/globals';
import { termsOf } from './terms.js';

describe('termsOf', () => {
  it('has the words in lower case, without stop words', () => {
    expect(termsOf('How do I write a Log-Line?')).toEqual(['write', 'log', 'line']);
  });

  it('has plurals as singulars, and leaves what only looks like one', () => {
    expect(termsOf('streams events class status this analysis bus')).toEqual([
      'stream',
      'event',
      'class',
      'status',
      'analysis',
      'bus',
    ]);
  });

  it('knows the letters of other scripts', () => {
    expect(termsOf('Größe 漢字 naïve')).toEqual(['größe', '漢字', 'naïve']);
  });

  it('has nothing of punctuation', () => {
    expect(termsOf('?!… —')).toEqual([]);
  });
});
