import { ANSWER_ALERTS } from './answer-alerts.ts';
import { budgetGroups } from './budget-burn.ts';
import { DEPENDENCY_ALERTS, DEPENDENCY_RECORDS } from './dependency-alerts.ts';
import { REQUEST_ALERTS } from './request-alerts.ts';
import type { RuleGroup } from './rule.ts';
import { STREAM_ALERTS, STREAM_RECORDS } from './stream-alerts.ts';

/** Everything in monitoring/alerts.yml. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  { name: 'requests', records: [], alerts: REQUEST_ALERTS },
  { name: 'streams', records: STREAM_RECORDS, alerts: STREAM_ALERTS },
  { name: 'dependencies', records: DEPENDENCY_RECORDS, alerts: DEPENDENCY_ALERTS },
  { name: 'answers', records: [], alerts: ANSWER_ALERTS },
  ...budgetGroups(),
];
