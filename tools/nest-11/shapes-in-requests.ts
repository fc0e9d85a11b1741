// The suite of `tools/compare-shapes` inside real requests, for each major of NestJS on each HTTP adapter.
import { join } from 'node:path';
import { runColumn } from '../compare-shapes/run-column.ts';
import { SERVED_SHAPES } from '../compare-shapes/shapes-over-sse.ts';
import { rightCell, SHAPES } from '../compare-shapes/suite.ts';
import { type Column, tableOf } from '../compare-shapes/table.ts';

/** An application that is installed beside one major of NestJS. */
export interface InstalledConsumer {
  readonly nestVersion: string;
  /** The compiled `consumer/shapes-app.ts`. */
  readonly app: string;
}

const ADAPTERS = { express: 'Express', fastify: 'Fastify' };
const ROWS = [...SHAPES, ...SERVED_SHAPES];

/** Prints the table, and says whether every cell is what it has to be. */
export async function shapesInRequests(
  consumers: readonly InstalledConsumer[],
): Promise<{ areRight: boolean; sentence: string }> {
  const columns: Column[] = [];
  for (const { nestVersion, app } of consumers) {
    for (const [adapter, name] of Object.entries(ADAPTERS)) {
      columns.push(await columnOf(`Nest ${nestVersion}, ${name}`, app, adapter));
    }
  }
  console.log(
    `\n${tableOf(
      ROWS.map(({ name }) => name),
      columns,
    )}\n`,
  );
  const versions = consumers.map(({ nestVersion }) => nestVersion).join(' and ');
  return {
    areRight: columns.every(({ cells }) => wrongRows(cells) === 0),
    sentence:
      `Inside the requests of a running application all ${SHAPES.length} rows hold as well, and ${SERVED_SHAPES.length} more that an ` +
      `\`@Sse\` route streams to a client: on Nest ${versions}, each on ${Object.values(ADAPTERS).join(' and ')}.`,
  };
}

async function columnOf(title: string, app: string, adapter: string): Promise<Column> {
  const startedAtMs = performance.now();
  const tool = join(import.meta.dirname, '../compare-shapes/over-http.ts');
  const cells = await runColumn(tool, [adapter], { CONSUMER: app });
  const wrong = wrongRows(cells);
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  console.log(
    `${wrong === 0 ? 'ok     ' : 'FAILED '} ${title}: ${ROWS.length - wrong} of ${ROWS.length} shapes  ${seconds} s`,
  );
  return { title, cells };
}

function wrongRows(cells: ReadonlyMap<string, string>): number {
  return ROWS.filter((row) => cells.get(row.name) !== rightCell(row)).length;
}
