// `node run-tool.ts FILE [ARGUMENT]`: runs the suite against the tool that a file makes, in this process, which the tool
// has for itself, and sends each cell to the parent as it is found.
import { observeServed, SERVED_SHAPES } from './shapes-over-sse.ts';
import { judge, SHAPES } from './suite.ts';
import type { ServingTool, Tool } from './tool.ts';
import { type Observed, type Row, Trial } from './trial.ts';

/** One message to the parent. */
export interface Cell {
  readonly shape: string;
  readonly text: string;
}

const [file = '', argument] = process.argv.slice(2);
// Names in variables: the peers are typed only where they are installed, and each is loaded only in its own process.
const { createTool } = (await import(file)) as { createTool: (argument?: string) => Tool | Promise<Tool> };
const tool = await createTool(argument);

const rows: [row: Row, observe: () => Promise<Observed>][] = [
  ...SHAPES.map((shape): [Row, () => Promise<Observed>] => [shape, () => new Trial(tool).observe(shape)]),
  ...servedShapes(tool),
];
// Every trial listens for unhandled rejections.
process.setMaxListeners(0);
// Once unjudged, all at a time: what Node loads and compiles at the first use would be taken for a stall.
await Promise.allSettled(rows.map(([, observe]) => observe()));
for (const [row, observe] of rows) await report({ shape: row.name, text: await judge(tool, row, observe) });
await tool.close?.();
// Agents that report to a server keep a process alive; there is nothing here to report to.
process.exit();

function servedShapes(candidate: Tool): [Row, () => Promise<Observed>][] {
  if (!('serve' in candidate)) return [];
  return SERVED_SHAPES.map((shape) => [shape, () => observeServed(candidate as ServingTool, shape)]);
}

/** Resolves when the message is out, so that the end of this process does not overtake it. */
function report(cell: Cell): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(cell, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
