import { describe, expect, it } from '@jest/globals';
import { plainTextOf } from './plain-text.js';

describe('plainTextOf', () => {
  it.each([
    ['a paragraph over several lines', 'one\ntwo\n  three', 'one two three'],
    ['paragraphs', 'one\n\ntwo', 'one\ntwo'],
    ['list items', '- one\n- two\n  more\n1. three\n* four', 'one\ntwo more\nthree\nfour'],
    ['a quotation', '> one\n> two', 'one\ntwo'],
    ['emphasis', 'a **bold** and *slanted* __word__', 'a bold and slanted word'],
    ['names with underscores and stars', 'snake_case_name and 2 * 3 * 4', 'snake_case_name and 2 * 3 * 4'],
    ['links', 'see [the docs](https://x.y) or [this][1]\n\n[1]: https://z', 'see the docs or this'],
    ['badges', '[![build](https://a)](https://b) text ![img][2]', 'text'],
    ['HTML', '<p align="center">one <b>two</b></p><!-- hidden\n -->', 'one two'],
    ['comparisons', 'when a < b and b > c', 'when a < b and b > c'],
    ['inline code', 'call `run()` now', 'call `run()` now'],
    ['a table', 'one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\ntwo', 'one\ntwo'],
    ['a rule', 'one\n\n---\n\ntwo', 'one\ntwo'],
    ['code', 'one\n\n```ts\nconst a = 1;\n```\n\ntwo', 'one\ntwo'],
    ['code of which the end is missing', 'one\n\n~~~\nconst a = 1;\n', 'one'],
    ['line ends of another system', 'one\r\ntwo\r\n\r\nthree', 'one two\nthree'],
    ['nothing', '', ''],
  ])('makes prose of %s', (_, markdown, expected) => {
    expect(plainTextOf(markdown)).toBe(expected);
  });

  it.each([
    '[',
    '![',
    '[a](',
    '[a\n',
    '<!--',
    '<a ',
    '**a',
    '__a ',
    '*a ',
    '`',
    '```\n',
    '~~~\n',
    '> ',
    '|',
    ' \n',
  ])('takes no time worth mentioning on a megabyte of "%s"', (part) => {
    const startedAt = performance.now();
    plainTextOf(part.repeat(1_000_000 / part.length));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
