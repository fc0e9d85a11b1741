// Every benchmark ends here: what it has to say is printed, and put between its markers in docs/benchmarks.md if that is
// asked for. The text around the markers is written by hand.
import { join } from 'node:path';
import { writeBetweenMarkers } from '../../compare-shapes/table.ts';
import type { Figure } from './harness.ts';
import { environmentLines } from './report.ts';
import { fixed } from './table.ts';

/** The page that has all the tables. */
export const PAGE = join(import.meta.dirname, '../../../docs/benchmarks.md');

/** What one benchmark has to say. */
export interface Report {
  /** The page has the lines `<!-- marker -->` and `<!-- /marker -->`. */
  readonly marker: string;
  /** What was measured: packages and their versions. */
  readonly packages: Readonly<Record<string, string>>;
  /** What the benchmark itself adds to the load average. Default 1. */
  readonly ownLoad?: string;
  /** What the figures are: of how many launches, and of what. */
  readonly caption: string;
  /** Markdown. */
  readonly tables: readonly string[];
  /** A line per target, see {@link targetLine}. */
  readonly targets: readonly string[];
}

/**
 * Prints a report.
 * @param page Where it also goes between its markers; undefined for nowhere.
 * @throws Error when the page does not have the markers.
 */
export function publish(report: Report, page: string | undefined): void {
  const { marker, packages, ownLoad = '1', caption, tables, targets } = report;
  const head = ['```text', ...environmentLines(packages, ownLoad), '', caption, '```'].join('\n');
  const verdicts = ['```text', ...targets, '```'].join('\n');
  const text = [head, ...tables, ...(targets.length === 0 ? [] : [verdicts])].join('\n\n');
  console.log(`\n${text}\n`);
  if (page !== undefined) writeBetweenMarkers(page, marker, text);
}

/** Whether the median is within a target; a table that misses one says so. */
export function targetLine(what: string, { median }: Figure, limit: number, unit: string): string {
  return verdictLine(median <= limit, `${what} ${digits(median)} ${unit}, may be ${digits(limit)}`);
}

/** The same for a target that is no limit. */
export function verdictLine(isMet: boolean, what: string): string {
  return `${isMet ? 'Target met:   ' : 'TARGET MISSED:'} ${what}.`;
}

function digits(value: number): string {
  return fixed(value, Math.abs(value) < 10 ? 2 : 1);
}
