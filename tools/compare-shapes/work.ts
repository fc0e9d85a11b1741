// How long things take. 5 % of a use must be far more than what a timer and two clocks are apart, and short enough for
// the whole suite to be run at every change.

/** Of a method that works in one piece. */
export const WORK_MS = 120;
/** Of a stream: so many steps, each after a pause. */
export const STEPS = 4;
export const PAUSE_MS = WORK_MS / STEPS;
/** After which step the consumer leaves or the source fails, where a row is about that. */
export const HALF_WAY = STEPS - 1;

/** Keeps the thread, as synchronous work does. */
export function busy(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}
