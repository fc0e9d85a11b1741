/**
 * The prose of Markdown, a line per paragraph or list item: no code blocks, tables, badges, links or markup.
 *
 * It runs on the request's path on files that strangers wrote, so no expression looks at a character more than a few
 * times: each of them stops where its own beginning comes again.
 */
export function plainTextOf(markdown: string): string {
  return withoutBlocks(markdown)
    .replace(/<!--(?:(?!<!--)[\s\S])*?-->/g, '')
    .replace(/!\[[^[\]]*\](?:\([^()]*\)|\[[^[\]]*\])/g, '')
    .replace(/\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])/g, '$1')
    .replace(/<\/?[A-Za-z][^<>]*>/g, '')
    .replace(/(\*\*|__)(?=\S)((?:(?!\1)[\s\S])*\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])/g, '$1')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .replace(/(?<=[^\n])\n(?=[^\n*+>-])(?!\d+[.)]\s)/g, ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/^(?:(?:[*+>-]|\d+[.)])\s+)+/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .join('\n');
}

/** Drops fenced code, tables, link definitions and rules, each of which takes whole lines. */
function withoutBlocks(markdown: string): string {
  return markdown
    .replace(/\r\n?/g, '\n')
    .replace(/^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*\s*$|$(?![\s\S]))/gm, '')
    .replace(/^ *\|.*$/gm, '')
    .replace(/^ {0,3}\[[^[\]\n]+\]:.*$/gm, '')
    .replace(/^ {0,3}(?:[-*_] *){3,}$/gm, '');
}
