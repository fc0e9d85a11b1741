import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { anchorOf, RUNBOOK_PAGE } from '../monitoring/links.ts';
import { find } from '../setup/debian-package.ts';
import { BURNS } from './budget-burn.ts';
import { SLOS } from './slos.ts';

// The files are read as they are shipped, and not as the generator knows them.

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'monitoring');
const TEST_FILES = ['alerts.test.yml', 'alerts-of-days.test.yml'];

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface TestFile {
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

const read = (name: string): unknown => parse(readFileSync(join(folder, name), 'utf8'));
const rules = (read('alerts.yml') as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const names = alerts.map(({ alert }) => alert ?? '');
const stories = TEST_FILES.flatMap((name) => (read(name) as TestFile).tests);

/** Which alerts are expected to fire, or not to, in the stories that are named so. */
const expected = (isFiring: boolean, story: RegExp): Set<string> =>
  new Set(
    stories
      .filter(({ name }) => story.test(name))
      .flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring)
      .map(({ alertname }) => alertname),
  );

test('every alert fires in a story of its own and resolves in it', () => {
  for (const name of names) {
    const own = new RegExp(`^${name} fires and resolves$`);
    assert(expected(true, own).has(name), `${name} has no test in which it fires`);
    assert(expected(false, own).has(name), `${name} has no test in which it resolves`);
  }
  assert.equal(new Set(names).size, names.length);
});

test('every alert is quiet without series, without traffic, at one bad event an hour and on a busy day', () => {
  const quiet = [
    'any series',
    'any traffic',
    'one bad event an hour, for hours',
    'one bad event an hour, for days',
    'the busiest of days',
  ];
  for (const story of quiet) {
    assert.deepEqual(
      [...expected(false, new RegExp(`^nothing fires .*${story}`))].toSorted(),
      names.toSorted(),
      story,
    );
    assert.deepEqual([...expected(true, new RegExp(`^nothing fires .*${story}`))], []);
  }
});

test('every alert says how bad it is, what is wrong, what to do and where to read on', () => {
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.['severity'] ?? '', /^(critical|warning|info)$/, alert);
    assert.match(annotations?.['summary'] ?? '', /^\{\{ \$labels\.job \}\}.*\{\{ \$|cannot scrape/, alert);
    assert((annotations?.['description'] ?? '').length > 80, `${alert} does not say what to do`);
  }
});

test('every runbook link leads to a section, and every section of the runbook belongs to an alert', () => {
  const page = readFileSync(join(root, RUNBOOK_PAGE), 'utf8');
  const runbook = page.slice(page.indexOf('\n## Runbook'));
  const sections = [...runbook.matchAll(/^### (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));
  const linked = alerts.map(({ annotations }) => annotations?.['runbook_url']?.split('#')[1] ?? 'none');
  assert.deepEqual([...new Set(linked)].toSorted(), sections.toSorted());
});

test('an alert on a budget can fire: even the fastest burn is below 100 %', () => {
  for (const { name, objective } of SLOS) {
    for (const { factor } of BURNS) assert(factor * (1 - objective) < 0.9, `${name} ${factor}`);
  }
});

test('every SLO is an alert for each speed at which its budget can burn', () => {
  const budgets = names.filter((name) => /BudgetBurns(?:Fast|Slowly)?$/.test(name));
  assert.equal(budgets.length, SLOS.length * BURNS.length);
});

test('comparisons are written so that the test on a real Prometheus can switch them off', () => {
  for (const { expr, alert } of alerts) {
    assert.match(expr, / (?:==|>=|>|<) (?!bool)/, alert);
    assert.doesNotMatch(expr, / (?:bool|unless|!=|<=) /, alert);
  }
});

const withPromtool = { skip: find('promtool') === undefined && 'there is no promtool on the PATH' };

/** Runs promtool in monitoring/; what it says is shown when it fails. */
function promtool(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
}

test('promtool takes rules and configuration', withPromtool, () => {
  promtool('check', 'rules', 'alerts.yml');
  promtool('check', 'config', 'prometheus.yml');
});

test('promtool sees each alert fire and resolve, and none where nothing is wrong', withPromtool, () => {
  promtool('test', 'rules', ...TEST_FILES);
});
