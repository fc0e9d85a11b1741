import { describe, expect, it } from '@jest/globals';
import { splitSections } from './split-sections.js';

function split(...lines: string[]): [heading: string, text: string][] {
  const sections = splitSections(lines.join('\n'), { file: 'a.md' }, 'Title');
  return sections.map(({ heading, text }) => [heading, text]);
}

describe('splitSections', () => {
  it('splits at headings of every level and leaves out what has no text', () => {
    expect(split('# One', 'text', '## Two', '### Three ###', 'more', '', 'text')).toEqual([
      ['One', 'text'],
      ['Three', 'more\n\ntext'],
    ]);
  });

  it('puts what comes before the first heading under the title', () => {
    expect(split('intro', '# One', 'text')).toEqual([
      ['Title', 'intro'],
      ['One', 'text'],
    ]);
  });

  it('knows underlined headings', () => {
    expect(split('One', '===', 'text', '', 'Two', '---', 'more')).toEqual([
      ['One', 'text'],
      ['Two', 'more'],
    ]);
  });

  it.each([
    ['a rule', ['text', '', '---', 'more']],
    ['front matter', ['---', 'key: value', '---', 'text']],
    ['the last line of a paragraph', ['first line', 'second line', '---']],
    ['a hash tag', ['#nothing']],
    ['seven hashes', ['####### seven']],
  ])('does not take %s for a heading', (_, lines) => {
    expect(split(...lines)).toEqual([['Title', lines.join('\n')]]);
  });

  it.each(['```', '~~~', '````'])('takes everything in a block of %s for code', (fence) => {
    const code = [`${fence}sh`, '# a comment', 'name', '===', fence];
    expect(split('# One', ...code, '# Two', 'text')).toEqual([
      ['One', code.join('\n')],
      ['Two', 'text'],
    ]);
  });

  it('is not taken in by a shorter fence inside a block, nor by one that never ends', () => {
    expect(split('````', '```', '# a comment', '````', '# One', 'text')).toHaveLength(2);
    expect(split('# One', '```', '# a comment')).toEqual([['One', '```\n# a comment']]);
  });

  it('strips headings of their markup', () => {
    expect(split('# The `read()` **method** [docs](https://x)', 'text')[0]?.[0]).toBe(
      'The read() method docs',
    );
    expect(split('# <img src="a"> ![badge](b)', 'text')[0]?.[0]).toBe('badge');
  });

  it('reads the line ends of every system', () => {
    expect(split('# One\r\ntext\r# Two\rmore')).toEqual([
      ['One', 'text'],
      ['Two', 'more'],
    ]);
  });

  it('finds nothing in nothing', () => {
    expect(split('')).toEqual([]);
    expect(split('# Only', '', '## Headings')).toEqual([]);
  });
});
