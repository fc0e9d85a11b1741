/** A story in which an alert fires and then resolves; becomes a unit test of promtool. */
export interface Proof {
  readonly series: readonly Series[];
  /** Minutes from the start at which the alert fires. */
  readonly firesAt: number;
  /** Labels and summary of the one alert that fires then; the severity is known. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Minutes from the start at which it no longer does. */
  readonly resolvedAt: number;
  /** Alerts of other names that must not fire at the same time. */
  readonly not?: readonly string[];
}

/** One sample a minute. */
export interface Series {
  readonly series: string;
  /** In promtool's notation. */
  readonly values: string;
}

/** For so many minutes a counter grows by so much a minute. */
export type Phase = readonly [minutes: number, perMinute: number];

/** A counter that starts at 0. */
export function counter(series: string, ...phases: readonly Phase[]): Series {
  let total = 0;
  const parts = phases.map(([minutes, perMinute], index) => {
    const from = index === 0 ? 0 : total + perMinute;
    const steps = index === 0 ? minutes : minutes - 1;
    total += minutes * perMinute;
    return `${from}+${perMinute}x${steps}`;
  });
  return { series, values: parts.join(' ') };
}

/** A gauge, or a counter that stands still. */
export function constant(series: string, minutes: number, value: number): Series {
  return { series, values: `${value}x${minutes}` };
}
