import type { Proof } from './proof.ts';

/** `critical` wakes somebody, `warning` is for this working day, `info` for when there is time. */
export type Severity = 'critical' | 'warning' | 'info';

/** A group of recording rules and alerts that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly records: readonly RecordingRule[];
  readonly alerts: readonly Alert[];
}

/** A series that is computed once for all who read it. */
export interface RecordingRule {
  /** `level:metric:operation`, as Prometheus' naming guide asks. */
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Alert {
  readonly name: string;
  /**
   * Comparisons and nothing else decide: with each made `bool`, the expression has a value for whatever it watches.
   * The test on a real Prometheus relies on that.
   */
  readonly expr: string;
  /** How long it must hold without a break. */
  readonly for: string;
  readonly severity: Severity;
  /** What is wrong, in one line with figures; a template of Prometheus. */
  readonly summary: string;
  /** What a person should do next. */
  readonly description: string;
  /** Heading in the runbook. */
  readonly runbook: string;
  /** Not optional: an alert that nobody has seen fire is a guess. */
  readonly proof: Proof;
}
