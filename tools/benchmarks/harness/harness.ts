// Measures cases that differ by nanoseconds on machines whose speed drifts by tens of percents.
//
// Every launch is a fresh process. Within it the cases take turns: one short sample of each makes a round, each round
// starts at another case, and every second round goes backwards, so that drift and leftovers hit all cases alike. What
// a case costs net of the bare one is taken within each round, where the two are milliseconds apart.
//
// Why no library: tinybench 6 and mitata 1 run each case to its end before the next one starts and know nothing of
// launches. Their timing of one case is no more than `sampleOf` below.
import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import { GCProfiler, getHeapStatistics } from 'node:v8';
import { MEMORY_ARGUMENTS } from './memory.ts';

/** One thing to measure. Cases of a group share one baseline and one physical limit. */
export interface Case {
  readonly group: string;
  readonly variant: string;
  /** Calls in one batch. */
  readonly calls: number;
  /** Runs one batch and returns when it is done. Throws when it did not do what the variant's name says. */
  batch(): void | Promise<void>;
}

/** What one launch measured of one case. */
export interface CaseResult {
  readonly group: string;
  readonly variant: string;
  /** Nanoseconds per call, one for each round. */
  readonly grossNs: readonly number[];
  /** Bytes allocated per call; undefined when every attempt met a garbage collection. */
  readonly bytes: number | undefined;
}

const SAMPLE_MS = 20;
const WARM_UP_ROUNDS = 4;
const MEASURED_ROUNDS = 12;
const ALLOCATION_ATTEMPTS = 15;

/**
 * Runs a sample in the context of the start of the process. On Node 24 a context remembers every AsyncLocalStorage
 * that was ever entered in it, and each one makes every `run` dearer: the cases would pay for one another.
 */
const inCleanContext = AsyncLocalStorage.snapshot();

/** Measures the cases in this process. Needs `--expose-gc`. */
export async function measure(cases: readonly Case[]): Promise<CaseResult[]> {
  const samples = new Map(cases.map((one) => [one, [] as number[]]));
  for (let round = 0; round < WARM_UP_ROUNDS + MEASURED_ROUNDS; round += 1) {
    for (const one of inTurn(cases, round)) {
      const grossNs = await inCleanContext(sampleOf, one);
      if (round >= WARM_UP_ROUNDS) samples.get(one)?.push(grossNs);
    }
  }
  const results: CaseResult[] = [];
  for (const [one, grossNs] of samples) {
    results.push({
      group: one.group,
      variant: one.variant,
      grossNs,
      bytes: await inCleanContext(bytesOf, one),
    });
  }
  return results;
}

function inTurn(cases: readonly Case[], round: number): Case[] {
  const start = Math.floor((round * cases.length) / MEASURED_ROUNDS) % cases.length;
  const rotated = [...cases.slice(start), ...cases.slice(0, start)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/**
 * Nanoseconds of processor time per call, over at least {@link SAMPLE_MS}: what this process took, its garbage
 * collection included, and not what others took meanwhile. What the case before left behind is collected first.
 */
async function sampleOf(one: Case): Promise<number> {
  collectYoung();
  let batches = 0;
  const startMs = performance.now();
  const atStart = process.cpuUsage();
  do {
    const running = one.batch();
    if (running !== undefined) await running;
    batches += 1;
  } while (performance.now() - startMs < SAMPLE_MS);
  const { user, system } = process.cpuUsage(atStart);
  return ((user + system) * 1_000) / (batches * one.calls);
}

/** The median growth of the heap over one batch; attempts in which anything was collected do not count. */
async function bytesOf(one: Case): Promise<number | undefined> {
  const attempts: number[] = [];
  for (let attempt = 0; attempt < ALLOCATION_ATTEMPTS; attempt += 1) {
    collectYoung();
    const profiler = new GCProfiler();
    profiler.start();
    const before = getHeapStatistics().used_heap_size;
    const running = one.batch();
    if (running !== undefined) await running;
    const after = getHeapStatistics().used_heap_size;
    if (profiler.stop().statistics.length === 0) attempts.push((after - before) / one.calls);
  }
  return attempts.length === 0 ? undefined : median(attempts);
}

function collectYoung(): void {
  if (globalThis.gc === undefined) throw new Error('start Node with --expose-gc');
  globalThis.gc({ type: 'minor', execution: 'sync' });
}

/**
 * Runs `file` in fresh processes, one after the other, each with `--launch` and one of the modes, in turn; each sends
 * back its results.
 * @param launches How many per mode.
 */
export async function launch<T, M extends string>(
  file: string,
  modes: readonly M[],
  launches: number,
  onProgress: (done: number, total: number) => void,
): Promise<Record<M, T[]>> {
  const results = Object.fromEntries(modes.map((mode) => [mode, [] as T[]])) as Record<M, T[]>;
  const total = launches * modes.length;
  for (let done = 0; done < total; done += 1) {
    onProgress(done, total);
    const mode = modes[done % modes.length];
    if (mode !== undefined) results[mode].push(await launchOnce<T>(file, mode));
  }
  onProgress(total, total);
  return results;
}

/** A launch is too busy to notice that it has nobody to report to, so whoever stops this process stops it as well. */
async function launchOnce<T>(file: string, mode: string): Promise<T> {
  const child = fork(file, ['--launch', mode], { execArgv: MEMORY_ARGUMENTS });
  const stop = (): void => {
    child.kill();
    process.exit(130);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await new Promise<T>((resolve, reject) => {
      child.once('message', (result) => {
        resolve(result as T);
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        // After a result this rejection of a settled promise does nothing.
        reject(new Error(`a launch ended with ${String(code)} and no result`));
      });
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** A median over launches, with the lowest and the highest launch. */
export interface Figure {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One line of the table. */
export interface Row {
  readonly group: string;
  readonly variant: string;
  readonly grossNs: Figure;
  /** What is left without the baseline; undefined for the baseline itself. */
  readonly netNs: Figure | undefined;
  /** Net, as a multiple of the limit's net in the same launch; undefined for the baseline. */
  readonly timesLimit: Figure | undefined;
  readonly bytes: number | undefined;
}

/** Joins the launches to one row per case. `baseline` and `limit` are variants that every group has. */
export function rowsOf(launches: readonly CaseResult[][], baseline: string, limit: string): Row[] {
  return (launches[0] ?? []).map(({ group, variant }) => {
    const own = launches.map((results) => find(results, group, variant));
    const netNs = (results: CaseResult[], of: string): number =>
      median(differences(find(results, group, of).grossNs, find(results, group, baseline).grossNs));
    const isBaseline = variant === baseline;
    const bytes = own.map((result) => result.bytes).filter((value) => value !== undefined);
    return {
      group,
      variant,
      grossNs: figureOf(own.map((result) => median(result.grossNs))),
      netNs: isBaseline ? undefined : figureOf(launches.map((results) => netNs(results, variant))),
      timesLimit: isBaseline
        ? undefined
        : figureOf(launches.map((results) => netNs(results, variant) / netNs(results, limit))),
      bytes: bytes.length === 0 ? undefined : median(bytes),
    };
  });
}

function find(results: CaseResult[], group: string, variant: string): CaseResult {
  const found = results.find((result) => result.group === group && result.variant === variant);
  if (found === undefined) throw new Error(`a launch has no result for ${variant}, ${group}`);
  return found;
}

function differences(values: readonly number[], baseline: readonly number[]): number[] {
  return values.map((value, round) => value - (baseline[round] ?? Number.NaN));
}

/** Joins what the launches measured. */
export function figureOf(values: readonly number[]): Figure {
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
