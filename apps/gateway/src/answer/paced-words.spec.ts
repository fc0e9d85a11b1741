import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { pacedWords } from './paced-words.js';

describe('pacedWords', () => {
  it('is the text, word by word', async () => {
    const words = await lastValueFrom(pacedWords('one two\n three').pipe(toArray()));
    expect(words).toEqual(['one ', 'two\n ', 'three']);
  });

  it('completes when there is nothing', async () => {
    expect(await lastValueFrom(pacedWords('').pipe(toArray()))).toEqual([]);
  });

  it('gives the event loop a turn between two words', async () => {
    const seen: string[] = [];
    const done = lastValueFrom(pacedWords('one two three').pipe(toArray()));
    const others = new Promise<void>((resolve) => {
      const turn = (left: number): void => {
        seen.push('turn');
        if (left > 0) setImmediate(turn, left - 1);
        else resolve();
      };
      setImmediate(turn, 2);
    });
    await Promise.all([done, others]);
    expect(seen).toHaveLength(3);
  });

  it('stops when the subscriber leaves, also in the middle of a word', async () => {
    let words = 0;
    const subscription = pacedWords('word '.repeat(1_000)).subscribe(() => {
      words += 1;
      if (words === 3) subscription.unsubscribe();
    });
    await new Promise((resolve) =>
      setImmediate(() => setImmediate(() => setImmediate(() => setImmediate(resolve)))),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(words).toBe(3);
    expect(await firstValueFrom(pacedWords('a b').pipe(take(1)))).toBe('a ');
  });

  it('starts anew for every subscriber', async () => {
    const words = pacedWords('a b');
    const both = [words, words].map((each) => lastValueFrom(each.pipe(toArray())));
    expect(await Promise.all(both)).toEqual([
      ['a ', 'b'],
      ['a ', 'b'],
    ]);
  });
});
