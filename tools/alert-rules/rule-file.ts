import { stringify } from 'yaml';
import { anchorOf, REPOSITORY_URL, RUNBOOK_PAGE } from '../monitoring/links.ts';
import type { Alert, RecordingRule, RuleGroup } from './rule.ts';

const HEADER = `# Alerts and recording rules for services that Followspot observes. What each means and what to do: ${RUNBOOK_PAGE}.
# Generated from tools/alert-rules, which \`npm run monitoring\` turns into this file; edit it there.
`;

/** The rule file of Prometheus. */
export function ruleFile(groups: readonly RuleGroup[]): string {
  const content = {
    groups: groups.map(({ name, records, alerts }) => ({
      name,
      rules: [...records.map(recordOf), ...alerts.map(alertOf)],
    })),
  };
  return HEADER + yaml(content);
}

/** Block text for expressions; otherwise one line each, so that summaries can be searched for. */
export function yaml(content: unknown): string {
  return stringify(content, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
}

/** All that Prometheus adds to an alert of this name, but for the summary, whose figures differ. */
export function annotationsOf({ description, runbook }: Alert): Record<string, string> {
  return { description, runbook_url: `${REPOSITORY_URL}/${RUNBOOK_PAGE}#${anchorOf(runbook)}` };
}

function recordOf({ record, expr, labels }: RecordingRule): object {
  return { record, expr, ...(labels && { labels }) };
}

function alertOf(alert: Alert): object {
  const { name, expr, severity, summary } = alert;
  return {
    alert: name,
    expr,
    for: alert.for,
    labels: { severity },
    annotations: { summary, ...annotationsOf(alert) },
  };
}
