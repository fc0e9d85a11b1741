import { annotationsOf, yaml } from './rule-file.ts';
import type { Series } from './proof.ts';
import type { Alert, RuleGroup } from './rule.ts';
import { QUIET_STORIES, type QuietStory } from './quiet-stories.ts';

const HEADER = `# Unit tests of alerts.yml, for \`promtool test rules\`. Generated from tools/alert-rules; \`npm run monitoring\` renews it.
`;

/** Stories of hours and stories of days. */
export interface RuleTests {
  readonly short: string;
  readonly long: string;
}

/**
 * Each alert fires and resolves, and none fires where nothing is wrong. Long stories have fewer samples and evaluations,
 * which promtool can say per file only: every minute of three days would take it minutes.
 */
export function ruleTests(groups: readonly RuleGroup[]): RuleTests {
  const alerts = groups.flatMap((group) => group.alerts);
  const isLong = (minutes: number): boolean => minutes > 3 * 60;
  const testsOf = (wanted: (minutes: number) => boolean, stepMinutes: number): object[] => [
    ...alerts
      .filter(({ proof }) => wanted(proof.resolvedAt))
      .map((alert) => firesAndResolves(alert, stepMinutes)),
    ...QUIET_STORIES.filter(({ minutes }) => wanted(minutes)).map((story) =>
      isQuiet(story, alerts, stepMinutes),
    ),
  ];
  return {
    short: testFile(
      '1m',
      testsOf((minutes) => !isLong(minutes), 1),
    ),
    long: testFile('30m', testsOf(isLong, 5)),
  };
}

function testFile(evaluationInterval: string, tests: readonly object[]): string {
  return HEADER + yaml({ rule_files: ['alerts.yml'], evaluation_interval: evaluationInterval, tests });
}

function input(series: readonly Series[], stepMinutes: number): object {
  return {
    interval: `${stepMinutes}m`,
    input_series: series.map((one) => ({ series: one.series, values: one.values(stepMinutes) })),
  };
}

function firesAndResolves(alert: Alert, stepMinutes: number): object {
  const { series, firesAt, resolvedAt, labels, summary, not = [] } = alert.proof;
  const fired = {
    exp_labels: { ...labels, severity: alert.severity },
    exp_annotations: { summary, ...annotationsOf(alert) },
  };
  return {
    name: `${alert.name} fires and resolves`,
    ...input(series, stepMinutes),
    alert_rule_test: [
      { eval_time: `${firesAt}m`, alertname: alert.name, exp_alerts: [fired] },
      { eval_time: `${resolvedAt}m`, alertname: alert.name, exp_alerts: [] },
      ...not.map((alertname) => ({ eval_time: `${firesAt}m`, alertname, exp_alerts: [] })),
    ],
  };
}

/** Asks right after the full hour, when what happens once an hour has just happened, and when it has sunk in. */
function isQuiet(
  { name, minutes, series }: QuietStory,
  alerts: readonly Alert[],
  stepMinutes: number,
): object {
  const hours = [0.25, 0.5, 0.75, 1].map((part) => Math.floor((minutes / 60) * part) * 60);
  const times = [...new Set(hours)].flatMap((time) => [5, 10, 15].map((after) => `${time + after}m`));
  return {
    name: `nothing fires ${name}`,
    ...input(series, stepMinutes),
    alert_rule_test: times.flatMap((eval_time) =>
      alerts.map((alert) => ({ eval_time, alertname: alert.name, exp_alerts: [] })),
    ),
  };
}
