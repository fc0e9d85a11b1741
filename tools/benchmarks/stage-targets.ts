// What a stage may cost, as ratios: to its physical limits, and to what others take for the same.
import type { Figure, Row } from './harness/harness.ts';
import { verdictLine } from './harness/page.ts';
import {
  BARE,
  BARE_AGAIN,
  CLOCKS,
  COUNTED,
  DISABLED,
  DISABLED_BESIDE,
  LIMIT,
  OUTSIDE,
  SAMPLED,
} from './variants.ts';

/** The trace of the batch is in the figure, too; no object of a call's own would be smaller than this. */
const BYTES_OF_NOISE = 8;

/** Lines that say which targets the rows of one group meet. What its rows do not have is not asked. */
export function targetsOf(rows: readonly Row[]): string[] {
  const has = (name: string): boolean => rows.some(({ variant }) => variant === name);
  const atMost = (name: string, other: string, allowed: number): string[] =>
    has(name) && has(other) ? [ratioTarget(rows, name, other, allowed)] : [];
  return [
    ...atMost(SAMPLED, LIMIT, 1.25),
    ...atMost(COUNTED, CLOCKS, 1.4),
    ...atMost(SAMPLED, 'OpenTelemetry startActiveSpan, recorded', 1 / 4),
    ...atMost(SAMPLED, 'nestjs-otel @Span, recorded', 1 / 5),
    ...atMost(SAMPLED, '@SentryTraced, recorded', 1 / 40),
    ...[OUTSIDE, DISABLED_BESIDE].filter(has).map((name) => plainCallTarget(rows, name)),
    ...(has(DISABLED) ? [disabledTarget(rows)] : []),
  ];
}

function ratioTarget(rows: readonly Row[], name: string, other: string, allowed: number): string {
  const ratio = netOf(rows, name).median / netOf(rows, other).median;
  const digits = allowed < 0.1 ? 3 : 2;
  const shown = `${name} costs ${ratio.toFixed(digits)} × ${other}; may be ${allowed}`;
  return verdictLine(ratio <= allowed, `${groupOf(rows)}: ${shown}`);
}

/** Where nothing is recorded a stage is a plain call that asks where it is. */
function plainCallTarget(rows: readonly Row[], name: string): string {
  const bytesOf = (of: string): number => rows.find(({ variant }) => variant === of)?.bytes ?? Number.NaN;
  const net = netOf(rows, name).median;
  const bytes = bytesOf(name) - bytesOf(BARE);
  const shown = `${name} costs ${net.toFixed(1)} ns and ${Math.max(0, bytes).toFixed(0)} bytes more than a plain call`;
  return verdictLine(net <= 60 && bytes < BYTES_OF_NOISE, `${groupOf(rows)}: ${shown}; may be 60 ns and 0`);
}

/** Tracking that is off is to cost no more than a plain call: what a call varies by when measured twice. */
function disabledTarget(rows: readonly Row[]): string {
  const disabled = netOf(rows, DISABLED);
  const noise = netOf(rows, BARE_AGAIN);
  const noiseNs = Math.max(Math.abs(noise.lowest), Math.abs(noise.highest));
  const shown = `${disabled.median.toFixed(1)} ns to a plain call, which varies by ${noiseNs.toFixed(1)} ns itself`;
  return verdictLine(disabled.median <= noiseNs, `${groupOf(rows)}: a disabled stage adds ${shown}`);
}

function groupOf(rows: readonly Row[]): string {
  return rows[0]?.group ?? '';
}

function netOf(rows: readonly Row[], name: string): Figure {
  const figure = rows.find(({ variant }) => variant === name)?.netNs;
  if (figure === undefined) throw new Error(`no figure of ${name}`);
  return figure;
}
