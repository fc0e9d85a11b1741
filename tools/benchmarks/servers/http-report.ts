import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, figureOf } from '../harness/harness.ts';
import { publish as publishReport } from '../harness/page.ts';
import { shown } from '../harness/report.ts';
import type { HttpOptions } from './http-options.ts';
import { BARE } from './http-variants.ts';
import { fixed, tableOf } from '../harness/table.ts';

/** What one launch measured, by variant. */
export type ByVariant = ReadonlyMap<string, number>;

/** A column of the table. */
export interface Column {
  readonly title: string;
  /** One for each launch. */
  readonly launches: readonly ByVariant[];
  readonly digits: number;
}

/** Each launch against the bare application of that launch, or another variant. */
export function ratiosTo(launches: readonly ByVariant[], variant = BARE): ByVariant[] {
  return compared(launches, variant, (value, other) => value / other);
}

/** The same, as differences. */
export function differencesTo(launches: readonly ByVariant[], variant = BARE): ByVariant[] {
  return compared(launches, variant, (value, other) => value - other);
}

function compared(
  launches: readonly ByVariant[],
  variant: string,
  compare: (value: number, other: number) => number,
): ByVariant[] {
  return launches.map((launch) => {
    const other = launch.get(variant) ?? Number.NaN;
    return new Map([...launch].map(([name, value]) => [name, compare(value, other)]));
  });
}

/** What stands under a verdict: how far it can be relied on, or what the same is against something else. */
export function remark(what: string, { median }: Figure, unit: string): string {
  return `               (${what} ${fixed(median, 2)} ${unit})`;
}

/** The figure of one variant. */
export function figure(launches: readonly ByVariant[], variant: string): Figure {
  return figureOf(launches.map((launch) => launch.get(variant) ?? Number.NaN));
}

/** A row per variant. */
export function variantTable(variants: Iterable<string>, columns: readonly Column[]): string {
  const lines = [...variants].map((variant) => [
    variant,
    ...columns.map(({ launches, digits }) =>
      shown(figure(launches, variant), (value) => fixed(value, digits)),
    ),
  ]);
  return tableOf(['variant', ...columns.map(({ title }) => title)], lines, (column) => column === 0);
}

/** Prints everything, and puts it into the page if there is one. */
export function publish(
  name: string,
  options: HttpOptions,
  parts: {
    readonly caption: string;
    readonly tables: readonly string[];
    readonly targets: readonly string[];
    /** Versions of what is compared with. */
    readonly peers?: Readonly<Record<string, string>>;
  },
): void {
  const isShown = !options.isQuick && options.adapter === 'express';
  if (options.page !== undefined && !isShown) {
    console.error('The page is left as it is: it shows the whole run on Express.');
  }
  const { peers = {}, ...rest } = parts;
  publishReport(
    { marker: name, packages: { ...packages(options), ...peers }, ownLoad: 'up to 2', ...rest },
    isShown ? options.page : undefined,
  );
}

function packages({ adapter }: HttpOptions): Record<string, string> {
  const names = ['@nestjs/core', `@nestjs/platform-${adapter}`, adapter, 'rxjs'];
  return {
    ...Object.fromEntries(names.map((name) => [name, versionOf(name)])),
    '@followspot/nestjs': 'built from this repository',
  };
}

function versionOf(packageName: string): string {
  const file = join(import.meta.dirname, '../../../node_modules', packageName, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
