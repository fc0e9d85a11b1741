// The question: what does tracking cost one call of a method that does next to nothing?
//
// The variants are in `variants.ts` and `peers/variants.mjs`, the way of measuring in `harness.ts`. A figure is the time
// of a batch divided by its calls, so that opening and closing the batch's trace is in it too.
import { fileURLToPath } from 'node:url';
import { type Case, type CaseResult, type Figure, launch, measure, type Row, rowsOf } from './harness.ts';
import { readBenchOptions } from './bench-options.ts';
import type * as loops from './loop.ts';
import { missingPeers, peerVersions } from './peers.ts';
import { publish, verdictLine } from './page.ts';
import { printProgress, rowTable } from './report.ts';
import {
  BARE,
  BARE_AGAIN,
  CALLS_PER_TRACE,
  decorated,
  DISABLED,
  LIMIT,
  MODES,
  type Mode,
  ownVariants,
  SAMPLED,
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
  const { on, off } = await launch<CaseResult[], Mode>(file, MODES, launches, printProgress);
  const rows = [...rowsOf(on, BARE, LIMIT), ...rowsOf(off, BARE, LIMIT)];
  const missing = missingPeers();
  if (missing !== undefined) console.log(`OpenTelemetry and nestjs-otel are missing: ${missing}`);
  publish(
    {
      marker: 'stage-overhead',
      packages: { '@followspot/core': 'built from this repository', ...peerVersions() },
      caption: `medians over ${launches} launches, in parentheses the lowest and the highest launch`,
      tables: [rowTable(rows)],
      targets: ['sync', 'async'].flatMap((kind) => [
        ...peerTarget(rows.filter((row) => row.group === groupOf(kind, 'on'))),
        disabledTarget(rows.filter((row) => row.group === groupOf(kind, 'off'))),
      ]),
    },
    options.page,
  );
}

/** What is compared with each other: the kind of method, and whether tracking is off in the whole process. */
function groupOf(kind: string, mode: Mode): string {
  return mode === 'on' ? kind : `${kind}, off`;
}

async function measureVariants(mode: Mode): Promise<CaseResult[]> {
  const variants = [...ownVariants(mode), ...(mode === 'on' ? await peerVariants() : [])];
  const cases: ProvenCase[] = [];
  for (const variant of variants) cases.push(...(await casesOf(variant, mode)));
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

/** A sampled stage is to cost less than the span of OpenTelemetry. */
function peerTarget(rows: readonly Row[]): string[] {
  const peer = rows.find(({ variant }) => variant === 'OpenTelemetry startActiveSpan, recorded')?.netNs;
  if (peer === undefined) return [];
  const ratio = netOf(rows, SAMPLED).median / peer.median;
  const shown = `${ratio.toFixed(2)} × a recorded OpenTelemetry span`;
  return [verdictLine(ratio < 1, `${rows[0]?.group ?? ''}: a sampled stage costs ${shown}`)];
}

/** Tracking that is off is to cost no more than a plain call: what a call varies by when measured twice. */
function disabledTarget(rows: readonly Row[]): string {
  const disabled = netOf(rows, DISABLED);
  const noise = netOf(rows, BARE_AGAIN);
  const noiseNs = Math.max(Math.abs(noise.lowest), Math.abs(noise.highest));
  const shown = `${disabled.median.toFixed(1)} ns to a plain call, which varies by ${noiseNs.toFixed(1)} ns itself`;
  return verdictLine(disabled.median <= noiseNs, `${rows[0]?.group ?? ''}: a disabled stage adds ${shown}`);
}

function netOf(rows: readonly Row[], name: string): Figure {
  const figure = rows.find(({ variant }) => variant === name)?.netNs;
  if (figure === undefined) throw new Error(`no figure of ${name}`);
  return figure;
}
