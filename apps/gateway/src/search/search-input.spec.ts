import { describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { SearchInput } from './search-input.service.js';

const input = new SearchInput();

describe('SearchInput', () => {
  it('is the question without the blanks around it', () => {
    expect(input.questionOf('  what is it? ')).toBe('what is it?');
    expect(input.questionOf('x'.repeat(1_000))).toHaveLength(1_000);
  });

  it.each([
    [undefined, 'q is missing.'],
    ['', 'q is empty.'],
    [' \t\n', 'q is empty.'],
    ['x'.repeat(1_001), 'q is too long (1,001 characters).'],
    [['a', 'b'], 'q is given more than once.'],
    [{ x: '1' }, 'q is not plain text.'],
    [null, 'q is not plain text.'],
    [1, 'q is not plain text.'],
  ])('refuses %p and says what is right', (query, problem) => {
    const read = (): string => input.questionOf(query);
    expect(read).toThrow(BadRequestException);
    expect(read).toThrow(`${problem} Ask once, as plain text of 1 to 1,000 characters, such as /search?q=`);
  });
});
