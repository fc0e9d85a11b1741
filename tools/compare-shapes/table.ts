import { readFileSync, writeFileSync } from 'node:fs';

/** What one tool did. */
export interface Column {
  readonly title: string;
  /** By the name of the shape. */
  readonly cells: ReadonlyMap<string, string>;
}

/** A Markdown table whose source can be read as well. */
export function tableOf(rows: readonly string[], columns: readonly Column[]): string {
  const header = ['returned', ...columns.map(({ title }) => title)];
  const lines = rows.map((row) => [
    // Without the quotes GitHub would take `<Observable>` for a tag.
    row.includes('<') ? `\`${row}\`` : row,
    ...columns.map(({ cells }) => cells.get(row) ?? 'not run'),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...lines].map((cells) => (cells[column] ?? '').length)),
  );
  const lineOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const ruler = lineOf(widths.map((width) => '-'.repeat(width)));
  return [lineOf(header), ruler, ...lines.map(lineOf)].join('\n');
}

/**
 * Puts a text in the place of what is between the two markers `<!-- name -->` and `<!-- /name -->` of a Markdown file.
 * @throws Error when the file does not have both.
 */
export function writeBetweenMarkers(file: string, name: string, text: string): void {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const all = readFileSync(file, 'utf8');
  const start = all.indexOf(opening);
  const end = all.indexOf(closing);
  if (start === -1 || end < start) throw new Error(`${file} needs the lines ${opening} and ${closing}`);
  writeFileSync(file, `${all.slice(0, start + opening.length)}\n\n${text}\n\n${all.slice(end)}`);
}
