import { annotationsOf, yaml } from './rule-file.ts';
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
 * Each alert fires and resolves, and none fires where nothing is wrong. Long stories are evaluated less often, which
 * promtool can say per file only: every minute of three days would take it minutes.
 */
export function ruleTests(groups: readonly RuleGroup[]): RuleTests {
  const alerts = groups.flatMap((group) => group.alerts);
  const isLong = (minutes: number): boolean => minutes > 3 * 60;
  const testsOf = (wanted: (minutes: number) => boolean): object[] => [
    ...alerts.filter(({ proof }) => wanted(proof.resolvedAt)).map(firesAndResolves),
    ...QUIET_STORIES.filter(({ minutes }) => wanted(minutes)).map((story) => isQuiet(story, alerts)),
  ];
  return {
    short: testFile(
      '1m',
      testsOf((minutes) => !isLong(minutes)),
    ),
    long: testFile('10m', testsOf(isLong)),
  };
}

function testFile(evaluationInterval: string, tests: readonly object[]): string {
  return HEADER + yaml({ rule_files: ['alerts.yml'], evaluation_interval: evaluationInterval, tests });
}

function firesAndResolves(alert: Alert): object {
  const { series, firesAt, resolvedAt, labels, summary, not = [] } = alert.proof;
  const fired = {
    exp_labels: { ...labels, severity: alert.severity },
    exp_annotations: { summary, ...annotationsOf(alert) },
  };
  return {
    name: `${alert.name} fires and resolves`,
    interval: '1m',
    input_series: series,
    alert_rule_test: [
      { eval_time: `${firesAt}m`, alertname: alert.name, exp_alerts: [fired] },
      { eval_time: `${resolvedAt}m`, alertname: alert.name, exp_alerts: [] },
      ...not.map((alertname) => ({ eval_time: `${firesAt}m`, alertname, exp_alerts: [] })),
    ],
  };
}

/** Asks right after the full hour, when what happens once an hour has just happened, and when it has sunk in. */
function isQuiet({ name, minutes, series }: QuietStory, alerts: readonly Alert[]): object {
  const hours = [0.25, 0.5, 0.75, 1].map((part) => Math.floor((minutes / 60) * part) * 60);
  const times = [...new Set(hours)].flatMap((time) => [5, 10, 15].map((after) => `${time + after}m`));
  return {
    name: `nothing fires ${name}`,
    interval: '1m',
    input_series: series,
    alert_rule_test: times.flatMap((eval_time) =>
      alerts.map((alert) => ({ eval_time, alertname: alert.name, exp_alerts: [] })),
    ),
  };
}
