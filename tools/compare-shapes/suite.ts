// Runs every shape against one tool and says of each what is wrong.
import { observableShapes } from './shapes-of-observables.ts';
import { streamShapes } from './shapes-of-streams.ts';
import { valueShapes } from './shapes-of-values.ts';
import type { Outcome, RecordedCall, Tool } from './tool.ts';
import { INSIDE, METHOD, type Observed, type Row, type Shape } from './trial.ts';

export const SHAPES: readonly Shape[] = [...valueShapes, ...observableShapes, ...streamShapes];

/** The rule for a duration: within 5 % of the true one. */
const TOLERANCE = 0.05;
/**
 * A machine that stalls between a clock reading of ours and that of the tool spoils a measurement: with four busy
 * processes on two cores one in fifty. It does not do so five times in a row.
 */
const ATTEMPTS = 5;
/** What is further from the truth than this is wrong whatever the machine does. */
const SPOILT = { from: 0.25, to: 4 };

/** What a cell of the table says when there is nothing to complain about. */
const OK = 'ok';
/** The same where nothing is timed, on purpose. */
const UNTOUCHED = 'untouched';

/** What the cell of a row has to say. */
export function rightCell(row: Row): string {
  return row.isUntouched === true ? UNTOUCHED : OK;
}

/** What the tool got wrong about the row, in a few words, or {@link rightCell}. */
export async function judge(tool: Tool, row: Row, observe: () => Promise<Observed>): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const observed = await observe();
    const ratios = row.isUntouched === true ? [] : wrongRatios(observed);
    const durations = ratios.map((ratio) => `${percent(ratio)} %`);
    // Only the durations depend on the machine: anything else that is wrong once is wrong.
    const problems = [...observed.problems, ...wrongRecords(tool, row, observed)];
    const all = [...new Set([...durations, ...problems])];
    if (all.length === 0) return rightCell(row);
    const maySpoil = problems.length === 0 && ratios.every((r) => r > SPOILT.from && r < SPOILT.to);
    if (!maySpoil || attempt === ATTEMPTS) return all.join(', ');
    console.error(`  again, after attempt ${attempt}: ${row.name} recorded ${durations.join(', ')}`);
  }
}

/** Each record of the method beside the use it belongs to, as far as there are both: the shares that are wrong. */
function wrongRatios({ records, trueMs }: Observed): number[] {
  const ratios = methodsOf(records).flatMap(({ durationMs }, index) => {
    const trueOne = trueMs[index];
    return durationMs === undefined || trueOne === undefined ? [] : [durationMs / trueOne];
  });
  return ratios.filter((ratio) => Math.abs(ratio - 1) > TOLERANCE);
}

/** One decimal where the whole number would look as if it were within the rule. */
function percent(ratio: number): string {
  const whole = Math.round(ratio * 100);
  return Math.abs(whole - 100) <= TOLERANCE * 100 ? (ratio * 100).toFixed(1) : String(whole);
}

function wrongRecords(tool: Tool, row: Row, { records, insideCalls }: Observed): string[] {
  const methods = methodsOf(records);
  const problems: string[] = [];
  if (methods.length !== row.uses)
    problems.push(`${counted(methods.length, 'record')} of ${counted(row.uses, 'use')}`);
  if (methods.some(({ durationMs }) => durationMs === undefined)) problems.push('never ends');
  // What a call that was never put to use came to is no question.
  if (row.uses > 0) problems.push(...wrongOutcomes(tool, row.outcome, methods));
  if (row.isUntouched === true) return problems;
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
