// Runs every shape against one tool and says of each what is wrong.
import { observableShapes } from './shapes-of-observables.ts';
import { streamShapes } from './shapes-of-streams.ts';
import { valueShapes } from './shapes-of-values.ts';
import type { Outcome, RecordedCall, Tool } from './tool.ts';
import { INSIDE, METHOD, type Observed, type Shape, Trial } from './trial.ts';

export const SHAPES: readonly Shape[] = [...valueShapes, ...observableShapes, ...streamShapes];

/** The rule for a duration: within 5 % of the true one. */
const TOLERANCE = 0.05;
/** A machine that stalls between two clock readings spoils a measurement; it does not do so three times in a row. */
const ATTEMPTS = 3;

/** What a cell of the table says when there is nothing to complain about. */
export const OK = 'ok';

/** What the tool got wrong about the shape, in a few words, or {@link OK}. */
export async function judge(tool: Tool, shape: Shape): Promise<string> {
  let durations: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const observed = await new Trial(tool).observe(shape);
    durations = wrongDurations(observed);
    // Only the durations depend on the machine: anything else that is wrong once is wrong.
    const problems = [...observed.problems, ...wrongRecords(tool, shape, observed)];
    if (problems.length > 0) return [...new Set([...durations, ...problems])].join(', ');
    if (durations.length === 0) return OK;
  }
  return durations.join(', ');
}

/** Each record of the method beside the use it belongs to, as far as there are both. */
function wrongDurations({ records, trueMs }: Observed): string[] {
  const ratios = methodsOf(records).flatMap(({ durationMs }, index) => {
    const trueOne = trueMs[index];
    return durationMs === undefined || trueOne === undefined ? [] : [durationMs / trueOne];
  });
  const wrong = ratios.filter((ratio) => Math.abs(ratio - 1) > TOLERANCE);
  return [...new Set(wrong.map((ratio) => `${percent(ratio)} %`))];
}

/** One decimal where the whole number would look as if it were within the rule. */
function percent(ratio: number): string {
  const whole = Math.round(ratio * 100);
  return Math.abs(whole - 100) <= TOLERANCE * 100 ? (ratio * 100).toFixed(1) : String(whole);
}

function wrongRecords(tool: Tool, shape: Shape, { records, insideCalls }: Observed): string[] {
  const methods = methodsOf(records);
  const problems: string[] = [];
  if (methods.length !== shape.uses)
    problems.push(`${counted(methods.length, 'record')} of ${counted(shape.uses, 'use')}`);
  if (methods.some(({ durationMs }) => durationMs === undefined)) problems.push('never ends');
  // What a call that was never put to use came to is no question.
  if (shape.uses > 0) problems.push(...wrongOutcomes(tool, shape.outcome, methods));
  return [...problems, ...wrongNesting(methods, records, insideCalls)];
}

function wrongOutcomes(tool: Tool, expected: Outcome, methods: readonly RecordedCall[]): string[] {
  const isRight = ({ outcome }: RecordedCall): boolean =>
    outcome === expected || (expected === 'cancelled' && !tool.canSayCancelled && outcome === 'ok');
  const wrong = methods.filter((record) => record.durationMs !== undefined && !isRight(record));
  return wrong.map(({ outcome }) => (expected === 'error' ? 'no error' : `says ${outcome}`));
}

/** What was called inside must be recorded below the method, and below the right one where there are several. */
function wrongNesting(
  methods: readonly RecordedCall[],
  records: readonly RecordedCall[],
  insideCalls: number,
): string[] {
  const inside = records.filter(({ name }) => name === INSIDE);
  if (inside.length !== insideCalls) return ['child lost'];
  const isBelow = (child: RecordedCall): boolean => methods.some(({ id }) => id === child.parentId);
  if (!inside.every(isBelow)) return ['orphan child'];
  const shares = methods.map(({ id }) => inside.filter(({ parentId }) => parentId === id).length);
  return new Set(shares).size > 1 ? ['child of another'] : [];
}

function methodsOf(records: readonly RecordedCall[]): RecordedCall[] {
  return records.filter(({ name }) => name === METHOD);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
