import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { genAiDefinitions } from './gen-ai-figures.js';
import { type MetricDefinition, METRICS } from './metric-table.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8');

describe('docs/metrics.md', () => {
  it('has a row for every metric and for nothing else, with its type, its labels and its help', () => {
    const rows = page
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      // A table of metrics has four columns.
      .filter((cells) => cells.length === 6 && cells[1]!.startsWith('`'))
      .map((cells) => cells.slice(1, -1));
    const own = Object.entries<MetricDefinition>(METRICS);
    const caches = own.findIndex(([name]) => name.startsWith('cache_'));
    const all = [...own.slice(0, caches), ...genAiDefinitions('both'), ...own.slice(caches)];
    const expected = all.map(([name, { type, labels, help }]) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
    expect(rows).toEqual(expected);
  });
});
