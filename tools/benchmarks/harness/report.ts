import { cpus, loadavg, totalmem } from 'node:os';
import type { Figure, Row } from './harness.ts';
import { fixed, tableOf } from './table.ts';

const startedAtMs = performance.now();

/** How far a benchmark of launches is. */
export function printProgress(done: number, total: number): void {
  printStep(`${done} of ${total} launches measured`, done === total);
}

/** One line that is rewritten, or one line each where there is no terminal. On stderr: the table is all of stdout. */
export function printStep(step: string, isLast = false): void {
  const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
  const line = `${seconds} s: ${step}`;
  const [start, end] = process.stderr.isTTY ? ['\r\x1b[K', isLast ? '\n' : ''] : ['', '\n'];
  process.stderr.write(`${start}${line}${end}`);
}

/** What the figures depend on. `ownLoad` is what the benchmark itself adds to the load average. */
export function environmentLines(packages: Readonly<Record<string, string>>, ownLoad: string): string[] {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${memory}, ${process.platform} ${process.arch}`,
    `load average ${load} (1, 5 and 15 minutes; the benchmark itself is ${ownLoad})`,
    ['Node ' + process.versions.node, 'V8 ' + process.versions.v8, ...versions].join(', '),
  ];
}

/** A Markdown table, one line per row, with the rows of each group together. */
export function rowTable(rows: readonly Row[]): string {
  const header = ['', 'variant', 'ns per call', 'net of bare, ns', '× limit', 'bytes per call'];
  const groups = [...new Set(rows.map((row) => row.group))];
  const lines = groups.flatMap((group) => rows.filter((row) => row.group === group).map(cellsOf));
  return tableOf(header, lines, isText);
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

/** A median with the lowest and the highest. */
export function shown(figure: Figure, format: (value: number) => string): string {
  return `${format(figure.median)} (${format(figure.lowest)} – ${format(figure.highest)})`;
}

function nanoseconds(value: number): string {
  return fixed(value, Math.abs(value) < 100 ? 1 : 0);
}
