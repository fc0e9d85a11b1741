// The question: what does tracking cost one call of a method that does next to nothing?
//
// The variants are in `variants.ts` and `peers/variants.mjs`, the way of measuring in `harness.ts`. A figure is the time
// of a batch divided by its calls, so that opening and closing the batch's trace is in it too.
import { fileURLToPath } from 'node:url';
import { type Case, type CaseResult, type Figure, launch, measure, type Row, rowsOf } from './harness.ts';
import type * as loops from './loop.ts';
import { missingPeers, peerVersions } from './peers.ts';
import { printEnvironment, printProgress, printTable } from './report.ts';
import {
  BARE,
  BARE_AGAIN,
  CALLS_PER_TRACE,
  decorated,
  DISABLED,
  LIMIT,
  ownVariants,
  SAMPLED,
  type Variant,
} from './variants.ts';

const LAUNCHES = 6;
const GROUPS = ['sync', 'async'] as const;
/** Of what the methods return in one batch: 1 + 2 + … */
const EXPECTED_SUM = (CALLS_PER_TRACE * (CALLS_PER_TRACE + 1)) / 2;

/** A case that can show, outside the measurement, that it does what its name says. */
interface ProvenCase extends Case {
  prove(): Promise<void>;
}

if (process.argv.includes('--launch')) process.send?.(await measureVariants());
else await report();

async function report(): Promise<void> {
  const results = await launch<CaseResult[]>(fileURLToPath(import.meta.url), LAUNCHES, printProgress);
  const rows = rowsOf(results, BARE, LIMIT);
  printEnvironment({ '@followspot/core': 'built from this repository', ...peerVersions() });
  printTable(rows, `medians over ${LAUNCHES} launches, in parentheses the lowest and the highest launch`);
  const missing = missingPeers();
  if (missing !== undefined) console.log(`OpenTelemetry and nestjs-otel are missing: ${missing}`);
  for (const group of GROUPS) printTargets(rows.filter((row) => row.group === group));
}

async function measureVariants(): Promise<CaseResult[]> {
  const variants = [...ownVariants(), ...(await peerVariants())];
  const cases: ProvenCase[] = [];
  for (const variant of variants) cases.push(...(await casesOf(variant)));
  for (const one of cases) await one.prove();
  const results = await measure(cases);
  for (const one of cases) await one.prove();
  const problems = variants.flatMap((variant) => variant.problems());
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return results;
}

async function peerVariants(): Promise<Variant[]> {
  if (missingPeers() !== undefined) return [];
  // A name in a variable: the file is typed only where the peers are installed.
  const file = './peers/variants.mjs';
  const peers = (await import(file)) as { peerVariants(make: typeof decorated): Variant[] };
  return peers.peerVariants(decorated);
}

async function casesOf(variant: Variant): Promise<ProvenCase[]> {
  const { service, name } = variant;
  const { callNow, callLater } = await freshLoop(name);
  return [
    {
      group: 'sync',
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
      group: 'async',
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
  return (await import(`./loop.ts?${encodeURIComponent(name)}`)) as typeof loops;
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

/** What is promised of these figures, and whether it was kept. */
function printTargets(rows: readonly Row[]): void {
  const netOf = (name: string): Figure | undefined => rows.find(({ variant }) => variant === name)?.netNs;
  const sampled = netOf(SAMPLED);
  const disabled = netOf(DISABLED);
  const noise = netOf(BARE_AGAIN);
  const peer = netOf('OpenTelemetry startActiveSpan, recorded');
  if (sampled === undefined || disabled === undefined || noise === undefined) throw new Error('no figures');

  const group = rows[0]?.group ?? '';
  if (peer !== undefined) {
    const ratio = sampled.median / peer.median;
    printTarget(
      ratio < 1,
      `${group}: a sampled stage costs ${ratio.toFixed(2)} × a recorded OpenTelemetry span`,
    );
  }
  const noiseNs = Math.max(Math.abs(noise.lowest), Math.abs(noise.highest));
  const shown = `${disabled.median.toFixed(1)} ns to a plain call, which varies by ${noiseNs.toFixed(1)} ns itself`;
  printTarget(disabled.median <= noiseNs, `${group}: a disabled stage adds ${shown}`);
}

function printTarget(isMet: boolean, what: string): void {
  console.log(`${isMet ? 'Target met:   ' : 'TARGET MISSED:'} ${what}.`);
}
