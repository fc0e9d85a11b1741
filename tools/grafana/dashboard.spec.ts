import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: unknown;
  }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

const file = resolve(import.meta.dirname, '../../monitoring/grafana_dashboard.json');
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly refresh: string;
  readonly style: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly annotations: { readonly list: readonly { readonly name: string }[] };
  readonly links: readonly { readonly title: string }[];
};
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

const REFERENCE = [
  'Request Rate',
  'Error Rate',
  'P50/P95 Latency',
  'SSE Stream Duration',
  'Provider Usage Distribution',
  'Provider Latency',
  'Provider Error Rate',
  'Cache Hit Rate',
  'SSE Connections',
  'SSE Heartbeats',
  'Token Costs',
  'Request Volume by Endpoint',
  'Error Rate by Endpoint',
  'System Uptime',
  'Trace Requests',
  'API Costs',
];

test('the sixteen panels of the reference are there, each once', () => {
  const titles = panels.map(({ title }) => title);
  for (const title of REFERENCE) assert.equal(titles.filter((other) => other === title).length, 1, title);
});

test('it is dark, renews itself every 30 s, and has its variables, annotations and links', () => {
  assert.equal(dashboard.style, 'dark');
  assert.equal(dashboard.refresh, '30s');
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  assert.deepEqual(names(dashboard.templating.list), [
    'datasource',
    'job',
    'endpoint',
    'provider',
    'service_url',
  ]);
  assert.deepEqual(names(dashboard.annotations.list), ['Deployments', 'Alerts']);
  assert.deepEqual(
    dashboard.links.map(({ title }) => title),
    ['Documentation', 'Metrics', 'Summary'],
  );
});

test('no two panels overlap and none leaves the grid', () => {
  for (const [index, { title, gridPos: a }] of dashboard.panels.entries()) {
    assert(a.x >= 0 && a.x + a.w <= 24, title);
    for (const { title: other, gridPos: b } of dashboard.panels.slice(index + 1)) {
      const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert(isApart, `${title} and ${other} overlap`);
    }
  }
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});

test('every row of panels fills the width', () => {
  for (const y of new Set(panels.map(({ gridPos }) => gridPos.y))) {
    const inRow = panels.filter(({ gridPos }) => gridPos.y === y);
    assert.equal(
      inRow.reduce((sum, { gridPos }) => sum + gridPos.w, 0),
      24,
      inRow[0]?.title,
    );
  }
});

test('every panel has a description, a unit, and queries with a legend on the chosen data source', () => {
  for (const { title, description, fieldConfig, targets = [] } of panels) {
    assert((description ?? '').length > 40 && description?.endsWith('.'), title);
    assert(fieldConfig?.defaults.unit !== undefined, title);
    assert(targets.length > 0, title);
    for (const { legendFormat, datasource } of targets) {
      assert.match(legendFormat, /\{\{\w+\}\}/, title);
      assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' }, title);
    }
  }
});

test('every query follows the variables, and no percentile is a mean of percentiles', () => {
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      for (const selector of expr.match(/\{[^}]*\}/g) ?? []) assert.match(selector, /job=~"\$job"/, title);
      assert.doesNotMatch(expr, /_p\d\d_ms|\bavg\b/, title);
      assert.equal(expr.includes('_bucket{'), expr.includes('histogram_quantile('), title);
      // The buckets of all replicas are added before the quantile is taken.
      assert.match(
        expr,
        /^(?!histogram_quantile)|^histogram_quantile\(0\.\d+, sum by \(\w+, le\) \(rate\(/,
        title,
      );
      if (expr.includes('rate(')) assert.match(expr, /\[\$__rate_interval\]/, title);
    }
  }
});
