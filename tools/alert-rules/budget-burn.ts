import { increasePer, ratePer, share } from '../monitoring/promql.ts';
import type { Alert, RecordingRule, RuleGroup, Severity } from './rule.ts';
import type { Phase } from './proof.ts';
import { type Slo, SLOS } from './slos.ts';

/**
 * An alert fires when the error budget burns `factor` times too fast over the long window, and still does over the
 * short one; the short one lets it resolve soon. Windows and factors: Google's SRE workbook, "Alerting on SLOs".
 */
interface Burn {
  readonly suffix: string;
  readonly factor: number;
  readonly long: Window;
  readonly short: Window;
  readonly for: string;
  readonly severity: Severity;
  /** Fewer bad events in the long window are no alert: more than 1.3 an hour, so that one an hour is quiet. */
  readonly atLeast: number;
  /** What it comes to, in a summary. */
  readonly pace: string;
}

interface Window {
  readonly text: string;
  readonly minutes: number;
}

const window = (text: string, minutes: number): Window => ({ text, minutes });
const M5 = window('5m', 5);
const M30 = window('30m', 30);
const H1 = window('1h', 60);
const H6 = window('6h', 6 * 60);
const D3 = window('3d', 3 * 24 * 60);

export const BURNS: readonly Burn[] = [
  {
    suffix: 'BudgetBurnsFast',
    factor: 14.4,
    long: H1,
    short: M5,
    for: '2m',
    severity: 'critical',
    atLeast: 10,
    pace: 'at more than 14.4 times what is allowed the budget of 30 days is gone within 50 hours',
  },
  {
    suffix: 'BudgetBurns',
    factor: 6,
    long: H6,
    short: M30,
    for: '15m',
    severity: 'critical',
    atLeast: 12,
    pace: 'at more than 6 times what is allowed the budget of 30 days is gone within 5 days',
  },
  {
    suffix: 'BudgetBurnsSlowly',
    factor: 1,
    long: D3,
    short: H6,
    for: '1h',
    severity: 'warning',
    atLeast: 100,
    pace: 'the budget of 30 days will not last',
  },
];

/** Each window once. */
const WINDOWS = [...new Set(BURNS.flatMap(({ long, short }) => [short, long]))];

/** One group per SLO: its error ratio over every window, the number of bad events, and an alert per {@link Burn}. */
export function budgetGroups(): RuleGroup[] {
  return SLOS.map((slo) => ({
    name: `slo-${slo.name}`,
    records: [...WINDOWS.map((over) => ratio(slo, over)), ...BURNS.map(({ long }) => badEvents(slo, long))],
    alerts: BURNS.map((burn) => alertOf(slo, burn)),
  }));
}

function ratio(slo: Slo, { text }: Window): RecordingRule {
  const count = (selector: string): string => ratePer(['job'], selector, text);
  return {
    record: `job:slo_bad:ratio_rate${text}`,
    labels: { slo: slo.name },
    expr: share(slo.bad(count), slo.all(count)),
  };
}

function badEvents(slo: Slo, { text }: Window): RecordingRule {
  return {
    record: `job:slo_bad:increase${text}`,
    labels: { slo: slo.name },
    expr: slo.bad((selector) => increasePer(['job'], selector, text)),
  };
}

function alertOf(slo: Slo, burn: Burn): Alert {
  const { long, short, factor } = burn;
  const allowed = Number((factor * (1 - slo.objective)).toPrecision(6));
  const of = (record: string): string => `${record}{slo="${slo.name}"}`;
  return {
    name: alertName(slo, burn),
    expr: [
      `${of(`job:slo_bad:ratio_rate${long.text}`)} > ${allowed}`,
      `and ${of(`job:slo_bad:ratio_rate${short.text}`)} > ${allowed}`,
      `and ${of(`job:slo_bad:increase${long.text}`)} >= ${burn.atLeast}`,
    ].join('\n'),
    for: burn.for,
    severity: burn.severity,
    summary: `{{ $labels.job }}: {{ $value | humanizePercentage }} ${slo.broken} (${long.text}); ${burn.pace}`,
    description: `Promised: ${slo.promise}. ${slo.advice}`,
    runbook: `Budget of ${slo.name}`,
    proof: proofOf(slo, burn),
  };
}

function alertName({ name }: Slo, { suffix }: Burn): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()) + suffix;
}

/** A third above what is allowed for the long window and its `for`, then nothing bad until the short window is over. */
function proofOf(slo: Slo, burn: Burn): Alert['proof'] {
  const perMinute = 1_000;
  const bad = Math.round(perMinute * Math.min(1, (burn.factor * 4 * (1 - slo.objective)) / 3));
  const worse = burn.long.minutes + Number.parseInt(burn.for) * (burn.for.endsWith('h') ? 60 : 1) + 5;
  const healed = burn.short.minutes + 30;
  const phases = (rate: number, healedRate: number): Phase[] => [
    [worse, rate],
    [healed, healedRate],
  ];
  return {
    series: slo.example(phases(perMinute, perMinute), phases(bad, 0)),
    firesAt: worse,
    labels: { job: 'gateway', slo: slo.name },
    summary: `gateway: ${humanizePercentage(bad / perMinute)} ${slo.broken} (${burn.long.text}); ${burn.pace}`,
    resolvedAt: worse + healed,
    // What burns slower than their factor must not wake anybody.
    not: BURNS.filter(({ factor }) => factor > burn.factor).map((faster) => alertName(slo, faster)),
  };
}

/** As Prometheus writes it: four significant digits. */
function humanizePercentage(value: number): string {
  return `${Number((value * 100).toPrecision(4))}%`;
}
