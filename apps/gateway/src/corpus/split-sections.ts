import type { CorpusDocument, Section } from './section.js';

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}#{1,6}(?:\s+(.*?))?(?:\s+#+)?\s*$/;
/** Longer lines are text, whatever they begin with. */
const MAX_HEADING_LENGTH = 300;
const UNDERLINE = /^ {0,3}(?:=+|-{2,})\s*$/;

/**
 * Splits Markdown at its headings, `#` and underlined ones alike; what looks like a heading in a code block is code.
 * A section without text is left out, and what comes before the first heading goes under `title`.
 */
export function splitSections(markdown: string, document: CorpusDocument, title: string): Section[] {
  const sections: Section[] = [];
  let heading = title;
  let lines: string[] = [];
  let fence: string | undefined;
  const close = (): void => {
    const text = lines.join('\n').trim();
    if (text !== '') sections.push({ ...document, heading, text });
    lines = [];
  };
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    fence = fenceAfter(line, fence);
    const found = fence === undefined ? headingAt(line, lines) : undefined;
    if (found === undefined) {
      lines.push(line);
      continue;
    }
    lines = lines.slice(0, lines.length - found.linesAbove);
    close();
    heading = plainHeading(found.text) || title;
  }
  close();
  return sections;
}

/** The fence of the code block that the next line is in; undefined outside of code. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return open;
  if (open === undefined) return mark;
  return mark.startsWith(open) && line.trim() === mark ? undefined : open;
}

/** A heading that this line makes, of itself or of the one line of text above it. */
function headingAt(line: string, above: readonly string[]): { text: string; linesAbove: number } | undefined {
  if (line.length > MAX_HEADING_LENGTH) return undefined;
  const marked = HEADING.exec(line);
  if (marked !== null) return { text: marked[1] ?? '', linesAbove: 0 };
  const previous = above.at(-1)?.trim() ?? '';
  const isAlone = (above.at(-2)?.trim() ?? '') === '';
  if (
    !UNDERLINE.test(line) ||
    !isAlone ||
    previous.length > MAX_HEADING_LENGTH ||
    !/^[\p{L}\p{N}`[*_@]/u.test(previous)
  )
    return undefined;
  return { text: previous, linesAbove: 1 };
}

function plainHeading(markdown: string): string {
  return markdown
    .replace(/<[^>]*>/g, '')
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/[`*]/g, '')
    .trim();
}
