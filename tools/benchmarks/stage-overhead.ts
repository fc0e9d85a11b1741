// The question: what does tracking cost one call of a method that does next to nothing?
//
// The variants are in `variants.ts` and in `peers`, the way of measuring in `harness/harness.ts`, the targets in
// `stage-targets.ts`. A figure is the processor time of a batch divided by its calls, so that opening and closing the
// batch's trace is in it too.
import { fileURLToPath } from 'node:url';
import { type Case, type CaseResult, launch, measure, rowsOf } from './harness/harness.ts';
import { readBenchOptions } from './harness/bench-options.ts';
import type * as loops from './harness/loop.ts';
import { missingPeers, peerVersions } from './peers.ts';
import { publish } from './harness/page.ts';
import { printProgress, rowTable } from './harness/report.ts';
import { targetsOf } from './stage-targets.ts';
import {
  BARE,
  CALLS_PER_TRACE,
  decorated,
  LIMIT,
  MODES,
  type Mode,
  ownVariants,
  type Variant,
} from './variants.ts';

const options = readBenchOptions();
const launches = options.isQuick ? 1 : 6;
/** Of what the methods return in one batch: 1 + 2 + … */
const EXPECTED_SUM = (CALLS_PER_TRACE * (CALLS_PER_TRACE + 1)) / 2;

/** A case that can show, outside the measurement, that it does what its name says. */
interface ProvenCase extends Case {
  prove(): Promise<void>;
}

if (options.mode !== undefined) process.send?.(await measureVariants(options.mode as Mode));
else await report();

async function report(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const { on, off, sentry } = await launch<CaseResult[], Mode>(file, MODES, launches, printProgress);
  const rows = [on, sentry, off].flatMap((results) => rowsOf(results, BARE, LIMIT));
  const missing = missingPeers();
  if (missing !== undefined) console.log(`OpenTelemetry, nestjs-otel and Sentry are missing: ${missing}`);
  publish(
    {
      marker: 'stage-overhead',
      packages: { '@followspot/core': 'built from this repository', ...peerVersions() },
      caption: `medians over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [rowTable(rows)],
      targets: ['sync', 'async'].flatMap((kind) =>
        MODES.flatMap((mode) => targetsOf(rows.filter((row) => row.group === groupOf(kind, mode)))),
      ),
    },
    options.page,
  );
}

/** What is compared with each other: the kind of method, and whether tracking is off in the whole process. */
function groupOf(kind: string, mode: Mode): string {
  return mode === 'on' ? kind : `${kind}, ${mode}`;
}

async function measureVariants(mode: Mode): Promise<CaseResult[]> {
  const variants = [...ownVariants(mode), ...(await peerVariants(mode))];
  const cases: ProvenCase[] = [];
  for (const variant of variants) cases.push(...(await casesOf(variant, mode)));
  for (const one of cases) await one.prove();
  const results = await measure(cases);
  for (const one of cases) await one.prove();
  const problems = variants.flatMap((variant) => variant.problems());
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return results;
}

async function peerVariants(mode: Mode): Promise<Variant[]> {
  if (mode === 'off' || missingPeers() !== undefined) return [];
  // A name in a variable: the files are typed only where the peers are installed.
  const file = mode === 'on' ? './peers/variants.mjs' : './peers/sentry.mjs';
  const peers = (await import(file)) as { peerVariants(make: typeof decorated): Variant[] };
  return peers.peerVariants(decorated);
}

async function casesOf(variant: Variant, mode: Mode): Promise<ProvenCase[]> {
  const { service, name } = variant;
  const { callNow, callLater } = await freshLoop(name);
  return [
    {
      group: groupOf('sync', mode),
      variant: name,
      calls: CALLS_PER_TRACE,
      batch: () => {
        checkSum(
          name,
          variant.within(() => callNow(service, CALLS_PER_TRACE)),
        );
      },
      prove: async () => {
        await prove(variant, () => callNow(service, CALLS_PER_TRACE));
      },
    },
    {
      group: groupOf('async', mode),
      variant: name,
      calls: CALLS_PER_TRACE,
      batch: async () => {
        checkSum(name, await variant.within(() => callLater(service, CALLS_PER_TRACE)));
      },
      prove: async () => {
        await prove(variant, () => callLater(service, CALLS_PER_TRACE));
      },
    },
  ];
}

/** A copy of the loops of which V8 knows nothing yet, see there. */
async function freshLoop(name: string): Promise<typeof loops> {
  return (await import(`./harness/loop.ts?${encodeURIComponent(name)}`)) as typeof loops;
}

async function prove(variant: Variant, calls: () => unknown): Promise<void> {
  const recorded = await variant.within(async () => {
    await calls();
    return variant.recorded();
  });
  const expected = variant.records ? CALLS_PER_TRACE : 0;
  if (recorded !== expected) throw new Error(`${variant.name}: ${recorded} records instead of ${expected}`);
}

function checkSum(name: string, sum: number): void {
  if (sum !== EXPECTED_SUM)
    throw new Error(`${name}: the methods returned ${sum} in all, not ${EXPECTED_SUM}`);
}
