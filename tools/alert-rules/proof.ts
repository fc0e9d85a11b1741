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

/** A series of a test, written down with a sample every so many minutes, in promtool's notation. */
export interface Series {
  readonly series: string;
  values(stepMinutes: number): string;
}

/** For so many minutes, multiples of 5, a counter grows by so much a minute. */
export type Phase = readonly [minutes: number, perMinute: number];

/** A counter that starts at 0. */
export function counter(series: string, ...phases: readonly Phase[]): Series {
  const values = (stepMinutes: number): string => {
    let total = 0;
    const parts = phases.map(([minutes, perMinute]) => {
      const [steps, perStep] = [minutes / stepMinutes, perMinute * stepMinutes];
      const from = total + perStep;
      total += minutes * perMinute;
      return `${from}+${perStep}x${steps - 1}`;
    });
    return `0 ${parts.join(' ')}`;
  };
  return { series, values };
}

/** For so many minutes, multiples of 5, a gauge has this value; `undefined` where it is not exported. */
export function gauge(
  series: string,
  ...phases: readonly (readonly [minutes: number, value: number | undefined])[]
): Series {
  const values = (stepMinutes: number): string =>
    phases
      .map(([minutes, value]) => [minutes / stepMinutes, value] as const)
      .map(([steps, value]) => (value === undefined ? `_x${steps}` : `${value}x${steps - 1}`))
      .join(' ');
  return { series, values };
}
