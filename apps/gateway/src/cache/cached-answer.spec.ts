import { describe, expect, it } from '@jest/globals';
import { parseAnswer } from './cached-answer.js';

describe('parseAnswer', () => {
  it('reads what was stored', () => {
    const answer = { sources: [{ file: 'a.md', heading: 'A', score: 1 }], text: 'Text.' };
    expect(parseAnswer(JSON.stringify(answer))).toEqual(answer);
  });

  it.each([
    '',
    'null',
    '1',
    '[]',
    '{}',
    '{"sources":[]}',
    '{"sources":{},"text":""}',
    '{"text":"x"}',
    '{"sources',
  ])('takes %s for a miss', (json) => {
    expect(parseAnswer(json)).toBeUndefined();
  });
});
