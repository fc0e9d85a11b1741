import { describe, expect, it } from '@jest/globals';
import { catchError, concat, firstValueFrom, map, type Observable, of, throwError, toArray } from 'rxjs';
import { whole } from './whole.js';

const chunk = (content: string, finishReason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason: finishReason }],
});
const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };
const cut = throwError(() => new Error('cut'));

/** How many chunks got through, and what it failed with. */
const outcomeOf = (chunks: Observable<unknown>): Promise<unknown> =>
  firstValueFrom(
    chunks.pipe(
      whole(),
      map(() => 'chunk'),
      catchError((error: Error) => of(error.message)),
      toArray(),
    ),
  );

describe('An answer', () => {
  it.each<[string, Observable<unknown>, string[]]>([
    ['with a finish reason is whole', of(chunk('a'), chunk('', 'stop'), usage), ['chunk', 'chunk', 'chunk']],
    ['that is cut after it is whole', concat(of(chunk('a', 'stop')), cut), ['chunk']],
    ['that is cut before it is not', concat(of(chunk('a')), cut), ['chunk', 'cut']],
    [
      'that ends before it, as an aborted one does, is not',
      of(chunk('a')),
      ['chunk', 'the answer ended before the model had said that it was complete'],
    ],
    ['that stopped at its limit of tokens is whole', of(chunk('a', 'length')), ['chunk']],
  ])('%s', async (_, chunks, expected) => {
    expect(await outcomeOf(chunks)).toEqual(expected);
  });
});
