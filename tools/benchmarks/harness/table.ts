/** A Markdown table whose source can be read as well: words to the left, figures to the right. */
export function tableOf(
  header: readonly string[],
  lines: readonly (readonly string[])[],
  isText: (column: number) => boolean,
): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const ruler = widths.map((width, column) => `${'-'.repeat(width - 1)}${isText(column) ? '-' : ':'}`);
  return [header, ruler, ...lines].map(lineOf).join('\n');
}

/** A number with this many digits after the point; what rounds to zero has no sign. */
export function fixed(value: number, digits: number): string {
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return /[1-9]/.test(text) ? text : text.replace('-', '');
}
