import { cpus, loadavg, totalmem } from 'node:os';
import type { Figure, Row } from './harness.ts';

const startedAtMs = performance.now();

/** One line that is rewritten, or one line each where there is no terminal. On stderr: the table is all of stdout. */
export function printProgress(done: number, total: number): void {
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
  const line = `${seconds} s: ${done} of ${total} launches measured`;
  const [start, end] = process.stderr.isTTY ? ['\r\x1b[K', done === total ? '\n' : ''] : ['', '\n'];
  process.stderr.write(`${start}${line}${end}`);
}

/** What the figures depend on. */
export function printEnvironment(packages: Readonly<Record<string, string>>): void {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  console.log(
    `\n${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${memory}, ${process.platform} ${process.arch}`,
  );
  console.log(`load average ${load} (1, 5 and 15 minutes; the benchmark itself is 1)`);
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  console.log(['Node ' + process.versions.node, 'V8 ' + process.versions.v8, ...versions].join(', '));
}

/** A Markdown table, one line per row, with the rows of each group together. */
export function printTable(rows: readonly Row[], caption: string): void {
  const header = ['', 'variant', 'ns per call', 'net of bare, ns', '× limit', 'bytes per call'];
  const groups = [...new Set(rows.map((row) => row.group))];
  const lines = groups.flatMap((group) => rows.filter((row) => row.group === group).map(cellsOf));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const ruler = widths.map((width, column) => `${'-'.repeat(width + 1)}${isText(column) ? '-' : ':'}`);
  console.log(`\n${caption}\n`);
  console.log([lineOf(header), `|${ruler.join('|')}|`, ...lines.map(lineOf)].join('\n'));
  console.log();
}

/** The first two columns are words, the others figures. */
function isText(column: number): boolean {
  return column < 2;
}

function cellsOf({ group, variant, grossNs, netNs, timesLimit, bytes }: Row): string[] {
  return [
    group,
    variant,
    shown(grossNs, nanoseconds),
    netNs === undefined ? '' : shown(netNs, nanoseconds),
    timesLimit === undefined ? '' : shown(timesLimit, (value) => fixed(value, 2)),
    bytes === undefined ? 'unknown' : fixed(bytes, 0),
  ];
}

function shown(figure: Figure, format: (value: number) => string): string {
  return `${format(figure.median)} (${format(figure.lowest)} – ${format(figure.highest)})`;
}

function nanoseconds(value: number): string {
  return fixed(value, Math.abs(value) < 100 ? 1 : 0);
}

function fixed(value: number, digits: number): string {
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return /[1-9]/.test(text) ? text : text.replace('-', '');
}
