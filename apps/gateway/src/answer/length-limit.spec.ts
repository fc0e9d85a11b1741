import { describe, expect, it } from '@jest/globals';
import { catchError, concat, from, NEVER, of } from 'rxjs';
import { lengthLimited } from './length-limit.js';

/** What comes of chunks of text where 5 characters are the limit. */
function limited(...chunks: string[]): string[] {
  const seen: string[] = [];
  concat(from(chunks), NEVER)
    .pipe(
      lengthLimited(5, (chunk) => chunk.length),
      catchError((error: Error) => of(`${error.name}: ${error.message}`)),
    )
    .subscribe((chunk) => seen.push(chunk))
    .unsubscribe();
  return seen;
}

describe('An answer with a limit of characters', () => {
  it('may be as long as that', () => {
    expect(limited('ab', '', 'cde', '')).toEqual(['ab', '', 'cde', '']);
  });

  it('fails in place of what would be too much, in however many pieces it comes', () => {
    const failure = 'AnswerTooLong: the answer has more than 5 characters';
    expect(limited('ab', 'cd', 'ef', 'g')).toEqual(['ab', 'cd', failure]);
    expect(limited('abcdef')).toEqual([failure]);
  });

  it('is counted from its own beginning', () => {
    const limit = lengthLimited<string>(5, (chunk) => chunk.length);
    const seen: string[] = [];
    for (let time = 0; time < 2; time += 1)
      of('abcd')
        .pipe(limit)
        .subscribe((chunk) => seen.push(chunk));
    expect(seen).toEqual(['abcd', 'abcd']);
  });
});
